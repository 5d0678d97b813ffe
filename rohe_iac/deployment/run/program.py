"""Program: what the engine runs, which makes one resource a manifest in the order of their dependence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rohe_iac.deployment.ports import DeploymentTarget, ProviderPlugin
from rohe_iac.manifests.manifest import Manifest

if TYPE_CHECKING:
    import pulumi


def program_of(manifests: Sequence[Manifest], target: DeploymentTarget) -> Callable[[], None]:
    """Returns an inline program for the Automation API.

    Args:
        manifests: The manifests.
        target: The target, which has the plugins, and the type and the inputs of each resource.
    """
    plugins = target.plugins()
    target.permit(manifests)
    ordered = in_order(manifests)

    def program() -> None:
        import pulumi

        providers = {plugin.name: _provider(plugin) for plugin in plugins}
        resources: dict[str, pulumi.Resource] = {}
        for manifest in ordered:
            kind = target.resource_type(manifest)
            if kind is None:
                continue
            resources[manifest.name] = pulumi.CustomResource(
                kind,
                manifest.name,
                dict(target.inputs(manifest)),
                pulumi.ResourceOptions(
                    provider=providers[kind.partition(":")[0]],
                    retain_on_delete=manifest.retained or None,
                    depends_on=[resources[name] for name in manifest.depends_on if name in resources],
                ),
            )

    return program


def _provider(plugin: ProviderPlugin) -> pulumi.ProviderResource:
    import pulumi

    options = pulumi.ResourceOptions(version=plugin.version or None)
    return pulumi.ProviderResource(plugin.name, plugin.name, dict(plugin.settings), options)


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
