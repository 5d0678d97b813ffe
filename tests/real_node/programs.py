"""Programs of real nodes: what is built from the Go modules of tools/."""

from __future__ import annotations

from pathlib import Path

from real_node.nodes import NodePrograms
from rohe_iac.deployment.programs.go_module import GoModule
from rohe_iac.trial_cluster.modules import KUBERNETES

COREDNS = GoModule(
    "coredns",
    "CoreDNS",
    "github.com/coredns/coredns",
    {"coredns": "."},
    {"github.com/coredns/coredns/coremain.GitCommit": "v{version}"},
    2,
    Path(__file__).parents[2] / "tools" / "coredns",
)
"""DNS for Services and pods."""


def node_programs() -> NodePrograms:
    """Returns the executables of nodes, whether they are built or not."""
    bin_folder = KUBERNETES.folder / "bin"
    return NodePrograms(bin_folder / "kubelet", bin_folder / "kube-proxy", COREDNS.executable("coredns"))
