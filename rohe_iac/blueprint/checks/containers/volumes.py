"""Checks of volumes: each has a size, its own or that of a volume of the pipeline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference, check_unique, warning
from rohe_iac.blueprint.language.pipeline import Pipeline, Service
from rohe_iac.blueprint.language.pods.volume import SharedVolume
from rohe_iac.blueprint.language.scale.replicas import node_share
from rohe_iac.blueprint.linked.workload import parts_of
from rohe_iac.blueprint.text.parsed import Path

_MOUNTS = (("volumes",), ("ensemble", "members"))
"""Fields of a service under which volumes are mounted."""


def check_shared_volumes(document: Document, pipeline: Pipeline) -> Iterator[Finding]:
    """Yields a finding for each volume of the pipeline that is there twice, or that no service mounts."""
    shared = pipeline.spec.volumes
    if not shared:
        return
    yield from check_unique(document, ("spec", "volumes"), "volume", [volume.name for volume in shared])
    bound = {volume.name for volume in shared if volume.access_mode == "ReadWriteOnce"}
    for index, service in enumerate(pipeline.spec.services):
        yield from _check_one_node(document, ("spec", "services", index), service, bound)
    used = {volume.name for service in pipeline.spec.services for part in parts_of(service) for volume in part.volumes}
    services: Path = ("spec", "services")
    mounts = [(*services, index, *field) for index in range(len(pipeline.spec.services)) for field in _MOUNTS]
    if document.has_unknown_names or document.lacks_names(services):
        return
    for index, volume in enumerate(shared):
        if volume.name not in used:
            message = f"no service mounts the volume '{volume.name}'"
            hint = "add it to the volumes of a service, or leave it out"
            yield warning(document, ("spec", "volumes", index, "name"), "R254", message, hint, of=tuple(mounts))


def _check_one_node(document: Document, base: Path, service: Service, bound: Collection[str]) -> Iterator[Finding]:
    """Yields a warning where replicas go to many nodes, and mount a volume that one node at a time can mount."""
    if not node_share(service.replicas) or not bound:
        return
    mounted = (item.name for part in parts_of(service) for item in part.volumes if item.is_shared)
    name = next((name for name in mounted if name in bound), None)
    if name is not None:
        message = f"one node at a time can mount the volume '{name}' (ReadWriteOnce), so one node alone gets a replica"
        hint = f"write accessMode: ReadWriteMany for '{name}', or give the volume of '{service.name}' a size of its own"
        of = (("spec", "volumes"), (*base, "volumes"), (*base, "ensemble"))
        yield warning(document, (*base, "replicas"), "R214", message, hint, of=of)


def check_volumes(
    document: Document, base: Path, service: Service, shared: Mapping[str, SharedVolume]
) -> Iterator[Finding]:
    """Yields a finding for each volume of a service without a size, with two sizes, or of the wrong access mode.

    Args:
        document: The document of the pipeline.
        base: The path of the service.
        service: The service.
        shared: The volumes of the pipeline, by name.
    """
    yield from check_unique(
        document, (*base, "volumes"), "volume at", [volume.path for volume in service.volumes], "path"
    )
    own = [f" {index}" if volume.is_shared else volume.name for index, volume in enumerate(service.volumes)]
    yield from check_unique(
        document, (*base, "volumes"), "volume", [name or f" {number}" for number, name in enumerate(own)]
    )
    for index, volume in enumerate(service.volumes):
        path: Path = (*base, "volumes", index)
        if volume.name is None:
            continue
        declared = shared.get(volume.name)
        own_size, declared_at = (*path, "size"), ("spec", "volumes")
        if volume.size is not None and declared is not None:
            message = f"'{volume.name}' is a volume of the pipeline, which has its size"
            yield Finding(document, (*path, "size"), "R116", message, "leave size out, or give it another name")
        elif volume.size is None and declared is None and not shared:
            hint = "add size: 1Gi for a volume of each replica, or add the volume to the pipeline's volumes to share it"
            yield Finding(
                document, (*path, "name"), "R107", "a named volume needs a size", hint, of=(own_size, declared_at)
            )
        elif volume.size is None and declared is None:
            yield from check_reference(
                document, (*path, "name"), "R206", "volume of the pipeline", volume.name, shared,
                among=(declared_at,), of=(own_size,),
            )  # fmt: skip
        elif declared is not None and declared.access_mode == "ReadOnlyMany" and not volume.read_only:
            message = f"'{volume.name}' is ReadOnlyMany, so nobody can write to it"
            yield Finding(document, path, "R116", message, "add readOnly: true, or use accessMode: ReadWriteMany")
