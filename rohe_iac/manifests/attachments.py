"""Attachments: files of a repository that become part of manifests, such as mounted files and templates of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rohe_iac.blueprint.linked.blueprint import Blueprint, Source
from rohe_iac.blueprint.linked.workload import parts_of
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError

TEMPLATE_FOLDER = "blueprints/templates"
"""The folder of a repository with templates of its own for a cluster."""

TEMPLATE_SUFFIX = ".yaml.j2"
"""How the names of templates end."""


@dataclass(frozen=True, slots=True)
class Attachments:
    """What a rendering has beside the blueprint and the plan.

    Attributes:
        files: Contents of the files that services mount, by path in the repository.
        templates: Texts of the repository's own templates, by name in TEMPLATE_FOLDER.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


NO_ATTACHMENTS = Attachments()
"""Of a stack that mounts no files and has no templates of its own."""


class UnreadableAttachment(RoheError):
    """A file that becomes part of a manifest cannot be read."""

    exit_code = ExitCode.INVALID


def load_attachments(blueprint: Blueprint) -> tuple[Attachments, tuple[Source, ...]]:
    """Reads what the manifests of a stack have beside the blueprint and the plan; this machine's have nothing.

    Returns:
        The attachments, and the files that were read.

    Raises:
        UnreadableAttachment: A file cannot be read, or a template is no UTF-8 text.
    """
    if blueprint.stack.spec.target.local is not None:
        return NO_ATTACHMENTS, ()
    services = [service for pipeline in blueprint.pipelines for service in pipeline.spec.services]
    mounted = {
        file.from_
        for service in services
        for part in parts_of(service)
        for file in part.files
        if file.from_ is not None
    }
    folder = blueprint.root / TEMPLATE_FOLDER
    own = {f"{TEMPLATE_FOLDER}/{path.name}": path.name for path in folder.glob(f"*{TEMPLATE_SUFFIX}")}
    contents: dict[str, bytes] = {}
    for path in sorted(mounted | own.keys()):
        try:
            contents[path] = (blueprint.root / path).read_bytes()
        except OSError as error:
            raise UnreadableAttachment(f"cannot read {path}: {error.strerror}").caused_by(error) from error
    templates = {}
    for path, name in sorted(own.items()):
        try:
            templates[name] = contents[path].decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableAttachment(f"the template {path} is not UTF-8 text", detail=str(error)) from error
    files = {path: contents[path] for path in sorted(mounted)}
    return Attachments(files, templates), tuple(Source(path, sha256_hex(contents[path])) for path in sorted(contents))
