"""The engine's provider for Kubernetes, as it is set up for a stack."""

from __future__ import annotations

from pathlib import Path

from rohe_iac.deployment.programs.search import FoundProgram, ProgramOrigin
from rohe_iac.targets.kubernetes.provider import PROVIDER, kubernetes_plugin

FOUND = FoundProgram(Path("/opt/bin/pulumi-resource-kubernetes"), "4.26.1", ProgramOrigin.PATH)


def test_the_provider_applies_on_the_server_and_knows_the_cluster_whatever_its_address() -> None:
    plugin = kubernetes_plugin(FOUND, "edge", "shop", "uid-1", overwrites=False)
    assert (plugin.name, plugin.folder, plugin.version) == ("kubernetes", Path("/opt/bin"), "4.26.1")
    assert plugin.settings["enableServerSideApply"] == "true"
    assert (plugin.settings["context"], plugin.settings["clusterIdentifier"]) == ("edge", "uid-1")
    assert "context" not in kubernetes_plugin(FOUND, None, "shop", "uid-1", overwrites=False).settings
    assert not any("kubeconfig" in name for name in plugin.settings), "credentials must not get into the engine's state"


def test_the_executable_that_is_built_is_the_one_that_is_searched() -> None:
    assert list(PROVIDER.module.packages) == [PROVIDER.executable]
