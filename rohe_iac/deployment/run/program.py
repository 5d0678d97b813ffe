"""Program: what the engine runs, which makes one resource a manifest in the order of their dependence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.manifests.manifest import Manifest


def program_of(manifests: Sequence[Manifest], target: DeploymentTarget) -> Callable[[], None]:
    """Returns an inline program for the Automation API.

    Args:
        manifests: The manifests; the inputs of each resource are its manifest's name and text.
        target: The target, which has the plugin and the resources' types.
    """
    plugin = target.plugin()
    target.permit(manifests)
    ordered = in_order(manifests)

    def program() -> None:
        import pulumi

        provider = pulumi.ProviderResource(plugin.name, plugin.name, dict(plugin.settings))
        resources: dict[str, pulumi.Resource] = {}
        for manifest in ordered:
            resources[manifest.name] = pulumi.CustomResource(
                target.resource_type(manifest),
                manifest.name,
                {"name": manifest.name, "manifest": manifest.text},
                pulumi.ResourceOptions(
                    provider=provider, depends_on=[resources[name] for name in manifest.depends_on if name in resources]
                ),
            )

    return program


def in_order(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Returns the manifests, each after all manifests that it depends on; ties are broken by name.

    Raises:
        ValueError: Manifests depend on each other in a circle.
    """
    waiting = {manifest.name: manifest for manifest in sorted(manifests, key=lambda manifest: manifest.name)}
    ordered: list[Manifest] = []
    while waiting:
        ready = [manifest for manifest in waiting.values() if not any(name in waiting for name in manifest.depends_on)]
        if not ready:
            raise ValueError(f"manifests depend on each other in a circle: {', '.join(waiting)}")
        ordered += ready
        for manifest in ready:
            del waiting[manifest.name]
    return tuple(ordered)
