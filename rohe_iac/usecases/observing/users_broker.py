"""A broker of the user's: whether the command line reaches it, so that apply warns where no report can arrive."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.manifest import Manifest

PATIENCE = 3.0
"""Seconds that the broker has to answer."""


def unreached_broker(target: DeploymentTarget, manifests: Sequence[Manifest]) -> tuple[str, ...]:
    """Returns a sentence where the processes of this machine need a broker of the user's that cannot be reached.

    A cluster reaches other brokers than this machine does: there the agents say it, and `status` shows that.

    Args:
        target: Where the stack runs.
        manifests: The manifests that are applied.
    """
    kinds = {manifest.kind for manifest in manifests}
    if target.name != "local" or "Credential" not in kinds or "Broker" in kinds:
        return ()
    try:
        with target.inquirer(PATIENCE):
            return ()
    except RoheError as error:
        return (f"no report arrives, because {error.brief}: {error.detail}" if error.detail else error.brief,)
