"""The program that the engine runs: one resource a manifest, in the order of their dependence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.manifests.manifest import Manifest


def program_of(manifests: Sequence[Manifest], target: DeploymentTarget) -> Callable[[], None]:
    """An inline program for the Automation API. Each resource's only inputs are its name and the manifest's text."""
    plugin = target.plugin()
    ordered = in_order(manifests)

    def program() -> None:
        import pulumi

        provider = pulumi.ProviderResource(plugin.name, plugin.name, dict(plugin.settings))
        made: dict[str, pulumi.Resource] = {}
        for manifest in ordered:
            made[manifest.name] = pulumi.CustomResource(
                target.resource_type(manifest),
                manifest.name,
                {"name": manifest.name, "manifest": manifest.text},
                pulumi.ResourceOptions(
                    provider=provider, depends_on=[made[name] for name in manifest.depends_on if name in made]
                ),
            )

    return program


def in_order(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """The manifests with each one after all it depends on; names break ties. Every chain of dependence has an end."""
    waiting = {manifest.name: manifest for manifest in sorted(manifests, key=lambda item: item.name)}
    ordered: list[Manifest] = []
    while waiting:
        ready = [item for item in waiting.values() if not any(name in waiting for name in item.depends_on)]
        if not ready:
            raise ValueError(f"manifests depend on each other in a circle: {', '.join(waiting)}")
        ordered += ready
        for item in ready:
            del waiting[item.name]
    return tuple(ordered)
