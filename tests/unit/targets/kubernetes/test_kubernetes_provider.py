"""The engine's provider for Kubernetes, as it is set up for a stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.foundation.errors import ExitCode
from rohe_iac.targets.kubernetes.provider import EXECUTABLE, ClusterProviderMissing, kubernetes_plugin


def test_the_provider_applies_on_the_server_and_knows_the_cluster_whatever_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / EXECUTABLE
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    plugin = kubernetes_plugin("edge", "shop", "uid-1")
    assert (plugin.name, plugin.folder) == ("kubernetes", tmp_path)
    assert plugin.settings["enableServerSideApply"] == "true"
    assert (plugin.settings["context"], plugin.settings["clusterIdentifier"]) == ("edge", "uid-1")
    assert "context" not in kubernetes_plugin(None, "shop", "uid-1").settings
    assert not any("kubeconfig" in name for name in plugin.settings), "credentials must not get into the engine's state"


def test_a_missing_provider_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ClusterProviderMissing, match=EXECUTABLE) as raised:
        kubernetes_plugin(None, "shop", "uid-1")
    assert raised.value.exit_code is ExitCode.UNREACHABLE
