"""`rohe export`: nodes and services of a stack as files of the original ROHE, or its contracts as OpenSLO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.importing.export.documents import HEAD, export_documents
from rohe_iac.importing.export.openslo import openslo_documents
from rohe_iac.importing.export.round_trip import LeftOut
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


def export_stack(
    directory: Path,
    stack: str | None,
    folder: Path,
    *,
    values: Mapping[str, GivenValue] = NO_VALUES,
    openslo: bool = False,
) -> Export:
    """Writes add_node.yaml and add_service.yaml into `folder`, or openslo.yaml with the contracts of the stack.

    Args:
        directory: a folder of the blueprint.
        stack: the stack; None for the only one.
        folder: the folder to write to.
        values: values in place of those of the stack.
        openslo: whether contracts are written, in place of nodes and services.

    Raises:
        InvalidBlueprint: the blueprint has faults.
        UsageError: there is no such stack.
        UnwritableExport: a file cannot be written, or a foreign one has its name; nothing was written then.
    """
    blueprint = load(directory, stack, values=values)
    texts, left_out = _openslo(blueprint) if openslo else _original(blueprint)
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
    return Export(tuple((name, count) for name, (_, count) in texts.items()), tuple(left_out))


Texts = dict[str, tuple[str, int]]
"""The texts of files by name, each with the number of its entries."""


def _original(blueprint: Blueprint) -> tuple[Texts, list[LeftOut]]:
    order = {name: index for index, name in enumerate(blueprint.stack.spec.pipelines)}
    pipelines = sorted(blueprint.pipelines, key=lambda pipeline: order[pipeline.metadata.name])
    done = export_documents(blueprint.inventory, pipelines)
    services = sum(len(part) for part in done.services["data"].values())
    texts = {
        "add_node.yaml": (document_text(done.nodes), len(done.nodes["data"])),
        "add_service.yaml": (document_text(done.services), services),
    }
    return texts, done.left_out


def _openslo(blueprint: Blueprint) -> tuple[Texts, list[LeftOut]]:
    made = openslo_documents(blueprint.contracts)
    if not made.documents:
        return {}, made.left_out
    return {"openslo.yaml": ("---\n".join(map(document_text, made.documents)), made.slos)}, made.left_out
