"""Files of a control plane: everything lies in one folder that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.foundation.folders import write_private
from rohe_iac.trial_cluster.client_certificate import new_client_certificate

CONTEXT = "rohe-trial"
"""Name of the kubeconfig's only context, cluster and user."""


@dataclass(frozen=True, slots=True)
class ControlPlaneFiles:
    """The folder of a control plane and the places in it.

    Attributes:
        path: The folder; `remove` of a stopped control plane is its removal.
    """

    path: Path

    @property
    def kubeconfig(self) -> Path:
        """Returns the kubeconfig of the administrator."""
        return self.path / "kubeconfig"

    @property
    def certificate(self) -> Path:
        """Returns the API server's certificate, which it signs itself; clients trust this file."""
        return self.path / "certificates" / "apiserver.crt"

    @property
    def key(self) -> Path:
        """Returns the API server's private key, which signs the tokens of service accounts as well."""
        return self.path / "certificates" / "apiserver.key"

    @property
    def kubelet_client(self) -> Path:
        """Returns the certificate and private key that the API server shows to kubelets, which trust no other one."""
        return self.path / "certificates" / "kubelet-client.pem"

    @property
    def users(self) -> Path:
        """Returns the file of the API server's static tokens: `token,user,uid,"groups"` a line."""
        return self.path / "users.csv"

    @property
    def volumes(self) -> Path:
        """Returns the folder of the volumes that claims are given, one folder each."""
        return self.path / "volumes"

    @property
    def ready(self) -> Path:
        """Returns the file that exists once the control plane answers."""
        return self.path / "ready"

    @property
    def lock(self) -> Path:
        """Returns the file that the keeper of the control plane holds locked (flock) while it runs."""
        return self.path / "lock"

    def log(self, program: str) -> Path:
        """Returns the log file of a program, such as kube-apiserver."""
        return self.path / "logs" / f"{program}.log"

    def pid(self, program: str) -> Path:
        """Returns the file with the process id of a program, such as kube-apiserver."""
        return self.path / "run" / f"{program}.pid"

    def prepare(self) -> str:
        """Creates the folders with mode 0700, the administrator's token and a client certificate; returns the token.

        A control plane that is started again in the same folder keeps its token and its objects.
        """
        own = (self.path / name for name in ("certificates", "volumes", "logs", "run"))
        for folder in (*reversed(self.path.parents), self.path, *own):
            # `parents=True` would make missing parents with the mode that the umask leaves.
            folder.mkdir(mode=0o700, exist_ok=True)
        if not self.users.is_file():
            # Two at once write whole files, and both read that of the first afterwards.
            write_once(self.users, f'{secrets.token_hex(24)},admin,admin,"system:masters"\n')
        if not self.kubelet_client.is_file():
            write_once(self.kubelet_client, new_client_certificate().decode())
        return self.users.read_text().partition(",")[0]

    def write_kubeconfig(self, server: str, token: str) -> None:
        """Writes the kubeconfig of the administrator, readable by its owner only.

        Args:
            server: URL of the API server.
            token: The administrator's bearer token.
        """
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [
                {"name": CONTEXT, "cluster": {"server": server, "certificate-authority": str(self.certificate)}}
            ],
            "users": [{"name": CONTEXT, "user": {"token": token}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        }
        # JSON is YAML.
        write_private(self.kubeconfig, (json.dumps(document, indent=2) + "\n").encode())


def write_once(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, unless it is there already, in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(temporary, text.encode())
    with suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()
