"""Variables of files: taken into the services that name the files, so that nothing above has to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rohe_iac.blueprint.language.pipeline import Alternative, Pipeline, Service, Variable
from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.blueprint.text.env_file import read_variables
from rohe_iac.foundation.canonical import sha256_hex


class VariableFiles:
    """Files of variables below the root of a blueprint, each remembered once it was read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._digests: dict[str, str] = {}

    def read(self, path: str) -> str:
        """Returns the text of a file; "" for a missing one, which was reported where it matters."""
        try:
            content = (self._root / path).read_bytes()
        except OSError:
            return ""
        self._digests[path] = sha256_hex(content)
        return content.decode("utf-8")

    @property
    def sources(self) -> tuple[Source, ...]:
        """Returns the files that were read."""
        return tuple(Source(path, digest) for path, digest in self._digests.items())


def with_file_variables(pipeline: Pipeline, read: Callable[[str], str]) -> Pipeline:
    """Returns the pipeline with the variables of `envFrom` in the `env` of its services, and of their parts.

    A variable of `env` counts more than one of a file, and one of a later file more than one of an earlier. Variants
    and members replace `env`, not the files.

    Args:
        pipeline: The pipeline.
        read: Returns the text of a file by its path in the repository.
    """
    if not any(source.file is not None for service in pipeline.spec.services for source in service.env_from):
        return pipeline
    services = tuple(_service(service, read) for service in pipeline.spec.services)
    return pipeline.model_copy(update={"spec": pipeline.spec.model_copy(update={"services": services})})


def _service(service: Service, read: Callable[[str], str]) -> Service:
    variables: dict[str, Variable] = {}
    for source in service.env_from:
        if source.file is not None:
            variables |= read_variables(read(source.file))
    if not variables:
        return service

    update: dict[str, object] = {"env": {**variables, **service.env}}
    if service.variants:
        update["variants"] = tuple(_part(part, variables) for part in service.variants)
    if service.ensemble is not None:
        members = tuple(_part(part, variables) for part in service.ensemble.members)
        update["ensemble"] = service.ensemble.model_copy(update={"members": members})
    return service.model_copy(update=update)


def _part(part: Alternative, variables: Mapping[str, Variable]) -> Alternative:
    return part if part.env is None else part.model_copy(update={"env": {**variables, **part.env}})
