"""Programs of the control plane: where each executable is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.deployment.programs.build import build
from rohe_iac.trial_cluster.modules import KINE, KUBERNETES, KWOK


@dataclass(frozen=True, slots=True)
class ClusterPrograms:
    """The executables of one version of Kubernetes, and of kine and kwok.

    Attributes:
        kubernetes: Folder with kube-apiserver, kube-controller-manager, kube-scheduler, kubectl and kubelet.
        kine: kine, which keeps the cluster's objects in SQLite and speaks etcd's protocol.
        kwok: kwok, which simulates nodes and their pods.
    """

    kubernetes: Path
    kine: Path
    kwok: Path

    @classmethod
    def cached(cls) -> ClusterPrograms:
        """Returns the executables of the cache, whether they are there or not."""
        return cls(KUBERNETES.folder / "bin", KINE.executable("kine"), KWOK.executable("kwok"))

    @classmethod
    def built(cls, progress: Callable[[str], None]) -> ClusterPrograms:
        """Builds what is not in the cache, about ten minutes on two cores, and returns the executables.

        Args:
            progress: Receives a line for each line that the build prints.

        Raises:
            InstallFailed: There is no usable Go, or a build fails (exit code 10).
        """
        for module in (KUBERNETES, KINE, KWOK):
            build(module, progress)
        return cls.cached()

    def missing(self) -> list[Path]:
        """Returns the executables that do not exist."""
        servers = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
        wanted = (*(self.kubernetes / name for name in servers), self.kine, self.kwok)
        return [path for path in wanted if not path.is_file()]
