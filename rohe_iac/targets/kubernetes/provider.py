"""The engine's provider for Kubernetes: where it is found, and how it is set up for one stack."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from rohe_iac.deployment.ports import ProviderPlugin
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.targets.kubernetes.provider_module import KUBERNETES_PROVIDER

NAME = "kubernetes"
"""Name of the engine's provider."""

EXECUTABLE = f"pulumi-resource-{NAME}"
"""Name of the provider's executable."""

RATE = {"qps": 200, "burst": 400}
"""Requests a second that the provider sends, and at once; the API server itself limits each user more fairly."""


class ClusterProviderMissing(RoheError):
    """The provider's executable is not installed."""

    exit_code = ExitCode.UNREACHABLE


def kubernetes_plugin(context: str | None, namespace: str, cluster: str) -> ProviderPlugin:
    """Returns the provider with its settings.

    Args:
        context: The context of the kubeconfig; None for the current one.
        namespace: The namespace of objects that name none.
        cluster: What identifies the cluster whatever the address of its server; resources are made anew where it
            changes.

    Raises:
        ClusterProviderMissing: The executable is not installed.
    """
    built = KUBERNETES_PROVIDER.executable(EXECUTABLE)
    found = str(built) if built.is_file() else shutil.which(EXECUTABLE)
    if found is None:
        raise ClusterProviderMissing(
            f"{EXECUTABLE} is not installed",
            detail=f"looked in {built.parent} and on PATH",
            hint="get it with `rohe engine install`",
        )
    settings: Mapping[str, str] = {
        "namespace": namespace,
        "clusterIdentifier": cluster,
        "enableServerSideApply": "true",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
        "kubeClientSettings": json.dumps(RATE),
    }
    if context is not None:
        settings = {**settings, "context": context}
    # apply has asked before it overwrites what others changed, so the provider need not refuse that again.
    environment = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    return ProviderPlugin(NAME, Path(found).parent, settings, KUBERNETES_PROVIDER.version, environment)
