"""Claims about what is checked before the first side effect: ports, programs and secrets."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.local.target import LocalDeploymentTarget, PortInUse, ProgramMissing


def _manifest(port: int, command: str = "sleep", more: str = "") -> Manifest:
    text = (
        "{kind: Process, metadata: {name: web-0, address: 'replica/digits:web/0'},"
        f" spec: {{command: [{command}], ports: {{http: {port}}}{more}}}}}"
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


def test_everything_that_a_start_would_lack_is_named_at_once(tmp_path: Path) -> None:
    target = LocalDeploymentTarget(StackFolder(tmp_path / "stack"), tmp_path)
    manifests = [
        _manifest(1, "uvicornn"),
        _manifest(1, more=", workingDirectory: nowhere"),
        _manifest(1, more=", secrets: {KEY: 'env:ROHE_TEST_NO_SUCH'}"),
    ]
    with pytest.raises(ProgramMissing) as refused:
        target.preflight(manifests)
    assert "its command 'uvicornn' does not exist (looked on PATH: " in refused.value.detail
    assert f"its working directory {tmp_path}/nowhere does not exist" in refused.value.detail
    assert "the secret env:ROHE_TEST_NO_SUCH is not there" in refused.value.detail
    assert refused.value.exit_code == 10
    assert not (tmp_path / "stack").exists()
