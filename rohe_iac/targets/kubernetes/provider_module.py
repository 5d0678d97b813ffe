"""Go module of the engine's Kubernetes provider, for machines that its official download does not reach."""

from __future__ import annotations

from rohe_iac.deployment.programs.go_module import GoModule

KUBERNETES_PROVIDER = GoModule(
    "kubernetes-provider",
    "Pulumi's Kubernetes provider",
    "github.com/pulumi/pulumi-kubernetes/sdk/v4",
    {"pulumi-resource-kubernetes": "."},
    {"main.version": "{version}"},
    7,
)
"""The engine's provider for Kubernetes."""
