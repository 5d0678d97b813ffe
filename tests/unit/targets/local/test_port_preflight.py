"""Claims about the check of ports before the first side effect."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.local.target import LocalDeploymentTarget, PortInUse


def _manifest(port: int) -> Manifest:
    text = (
        "{kind: Process, metadata: {name: web-0, address: 'replica/digits:web/0'},"
        f" spec: {{command: [sleep], ports: {{http: {port}}}}}}}"
    )
    return Manifest("process-web-0", "Process", "replica/digits:web/0", text)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_another_process_holds_is_refused_and_the_holder_named(tmp_path: Path, host: str) -> None:
    target = LocalDeploymentTarget(StackFolder(tmp_path / "stack"), tmp_path)
    with socket.socket() as holder:
        holder.bind((host, 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortInUse) as refused:
            target.preflight([_manifest(port)])
        assert f"{port}, wanted by replica/digits:web/0" in refused.value.detail
        assert f"pid {os.getpid()}" in refused.value.detail
    assert not (tmp_path / "stack").exists()


def test_free_ports_pass(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    LocalDeploymentTarget(StackFolder(tmp_path / "stack"), tmp_path).preflight([_manifest(port)])
