"""`rohe export`: nodes and services of a stack as files of the original ROHE."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.loading import load
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.importing.export.documents import HEAD, export_documents
from rohe_iac.importing.foreign.yaml_text import document_text


class UnwritableExport(RoheError):
    """The output folder cannot be written, or holds a foreign file of that name."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Export:
    """What an export wrote.

    Attributes:
        files: the name and the number of entries of each file.
        left_out: address, field and reason of what is not in the files.
    """

    files: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, str, str], ...]


def export_stack(directory: Path, stack: str | None, folder: Path) -> Export:
    """Writes add_node.yaml and add_service.yaml into `folder`.

    Raises:
        InvalidBlueprint: the blueprint has faults.
        UsageError: there is no such stack.
        UnwritableExport: a file cannot be written, or a foreign one has its name; nothing was written then.
    """
    blueprint = load(directory, stack)
    order = {name: index for index, name in enumerate(blueprint.stack.spec.pipelines)}
    pipelines = sorted(blueprint.pipelines, key=lambda pipeline: order[pipeline.metadata.name])
    done = export_documents(blueprint.inventory, pipelines)
    services = sum(len(part) for part in done.services["data"].values())
    texts = {
        "add_node.yaml": (document_text(done.nodes), len(done.nodes["data"])),
        "add_service.yaml": (document_text(done.services), services),
    }
    try:
        for name in texts:
            path = folder / name
            if path.exists() and not path.read_bytes().startswith(HEAD.encode()):
                raise UnwritableExport(
                    f"{path} is there and was not written by `rohe export`",
                    hint="name another folder, or remove the file",
                )
        folder.mkdir(parents=True, exist_ok=True)
        for name, (text, _) in texts.items():
            (folder / name).write_text(f"{HEAD}\n{text}", encoding="utf-8")
    except OSError as error:
        raise UnwritableExport(
            f"cannot write {error.filename or folder}: {error.strerror}", hint="name a folder you may write to"
        ).caused_by(error) from error
    return Export(tuple((name, count) for name, (_, count) in texts.items()), tuple(done.left_out))
