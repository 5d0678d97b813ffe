"""The engine's provider for Kubernetes: where it is found, and how it is set up for one stack."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rohe_iac.deployment.engine.plugin import EnginePlugin
from rohe_iac.deployment.ports import ProviderPlugin
from rohe_iac.deployment.programs.go_module import GoModule
from rohe_iac.deployment.programs.search import FoundProgram

PROVIDER = EnginePlugin(
    "kubernetes",
    "Kubernetes provider of Pulumi",
    "ROHE_PULUMI_KUBERNETES",
    GoModule(
        "kubernetes-provider",
        "the Kubernetes provider of Pulumi",
        "github.com/pulumi/pulumi-kubernetes/sdk/v4",
        {"pulumi-resource-kubernetes": "."},
        {"main.version": "{version}"},
        7,
    ),
)
"""The engine's provider; `find_plugin` finds or installs it."""

RATE = {"qps": 100, "burst": 100}
"""Requests a second that the provider sends, and at once; the API server itself limits each user more fairly."""


ONE_CHECKPOINT = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Has the engine write its state once, at the end of a run.

By default it writes all of it twice a resource, whose time grows with the square of their number. A run that is killed
leaves the older state: the next one takes over by server-side apply what is there already, does not miss what is gone,
and the sweep removes by its labels what no manifest asks for.
"""


def kubernetes_plugin(
    provider: FoundProgram, context: str | None, namespace: str, cluster: str, *, overwrites: bool
) -> ProviderPlugin:
    """Returns the provider with its settings.

    Args:
        provider: The provider's executable.
        context: The context of the kubeconfig; None for the current one.
        namespace: The namespace of objects that name none.
        cluster: What identifies the cluster whatever the address of its server; resources are made anew where it
            changes.
        overwrites: Whether fields that others own are written; otherwise such an object fails.
    """
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
    environment = {"PULUMI_K8S_ENABLE_PATCH_FORCE": str(overwrites).lower(), **ONE_CHECKPOINT}
    return ProviderPlugin(PROVIDER.name, provider.path.parent, settings, provider.version, environment)
