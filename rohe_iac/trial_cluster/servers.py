"""Command lines of the control plane's programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rohe_iac.trial_cluster.files import ControlPlaneFiles
from rohe_iac.trial_cluster.programs import ClusterPrograms

STAGES = Path(__file__).parent / "stages.yaml"
"""How kwok simulates nodes and pods."""


@dataclass(frozen=True, slots=True)
class ServerCommands:
    """The command lines of one control plane, by program.

    Sources: the reference pages of each program (`PROGRAM --help`).

    Attributes:
        programs: Where the executables are.
        files: The control plane's folder.
        store_port: TCP port of kine on 127.0.0.1.
        api_port: TCP port of the API server on 127.0.0.1.
    """

    programs: ClusterPrograms
    files: ControlPlaneFiles
    store_port: int
    api_port: int

    @property
    def server(self) -> str:
        """Returns the URL of the API server."""
        return f"https://127.0.0.1:{self.api_port}"

    def store(self) -> list[str]:
        """Returns the command line of kine."""
        database = self.files.path / "kine.db"
        # Without waiting for the disk: a control plane to try things out survives its own crash, not a power cut.
        options = "_journal=WAL&_synchronous=OFF&cache=shared&_busy_timeout=30000"
        listen = f"127.0.0.1:{self.store_port}"
        endpoint = f"sqlite://{database}?{options}"
        return [
            str(self.programs.kine),
            *("--endpoint", endpoint, "--listen-address", listen, "--metrics-bind-address", "0"),
        ]

    def api_server(self) -> list[str]:
        """Returns the command line of kube-apiserver."""
        files = self.files
        return [
            str(self.programs.kubernetes / "kube-apiserver"),
            f"--etcd-servers=http://127.0.0.1:{self.store_port}",
            f"--secure-port={self.api_port}",
            "--bind-address=127.0.0.1",
            # No pod reaches a server on loopback, so the Service `kubernetes` gets no address of it.
            "--endpoint-reconciler-type=none",
            # The names of nodes stand in no DNS that this machine asks.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-client-certificate={files.kubelet_client}",
            f"--kubelet-client-key={files.kubelet_client}",
            f"--cert-dir={files.certificate.parent}",
            f"--token-auth-file={files.users}",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            "--allow-privileged=true",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={files.key}",
            f"--service-account-signing-key-file={files.key}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--etcd-compaction-interval=0",
        ]

    def controllers(self) -> list[str]:
        """Returns the command line of kube-controller-manager."""
        return [
            str(self.programs.kubernetes / "kube-controller-manager"),
            f"--kubeconfig={self.files.kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            f"--root-ca-file={self.files.certificate}",
            f"--service-account-private-key-file={self.files.key}",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]

    def scheduler(self) -> list[str]:
        """Returns the command line of kube-scheduler."""
        return [
            str(self.programs.kubernetes / "kube-scheduler"),
            f"--kubeconfig={self.files.kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]

    def simulation(self) -> list[str]:
        """Returns the command line of kwok, which simulates the nodes with its annotation and leaves others alone."""
        return [
            str(self.programs.kwok),
            f"--kubeconfig={self.files.kubeconfig}",
            f"--config={STAGES}",
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
            "--node-lease-duration-seconds=40",
            "--node-ip=10.0.0.1",
        ]
