"""Blueprint: the linked whole of one stack's documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.contract import ObservationContract
from rohe_iac.blueprint.inventory import Inventory
from rohe_iac.blueprint.pipeline import Pipeline
from rohe_iac.blueprint.stack import Stack
from rohe_iac.foundation.diagnostics import Diagnostic, Place


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its path relative to the root and the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One stack with everything it names, each reference resolved.

    root: folder that relative paths of the documents start from. project: id that says which clones share state.
    places: where each service, node and contract is written, by address (`service/PIPELINE:NAME`, `node/NAME`, ...).
    pipelines and contracts are sorted by name, so that the order of documents means nothing.
    """

    root: Path
    project: str
    stack: Stack
    pipelines: tuple[Pipeline, ...]
    inventory: Inventory
    contracts: tuple[ObservationContract, ...]
    sources: tuple[Source, ...]
    places: dict[str, Place]
    warnings: tuple[Diagnostic, ...] = ()
