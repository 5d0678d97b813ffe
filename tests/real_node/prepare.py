"""Makes what the tests with real nodes cannot make without the network: programs, the base image, and wheels.

`make nodes` runs it: `python tests/real_node/prepare.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from real_node.images import prepared_images
from real_node.nodes import obstacle
from real_node.programs import COREDNS
from rohe_iac.deployment.programs.build import build
from rohe_iac.deployment.programs.cache import build_home
from rohe_iac.trial_cluster.modules import KUBERNETES


def main() -> int:
    """Returns 1 where this machine cannot have real nodes."""
    why = obstacle()
    if why:
        print(why, file=sys.stderr)
        return 1
    for module in (KUBERNETES, COREDNS):
        build(module, lambda _: None)
    prepared_images(build_home())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
