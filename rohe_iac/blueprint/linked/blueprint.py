"""Blueprint: the linked whole of one stack's documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.foundation.diagnostics import Diagnostic, Place


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read.

    Attributes:
        path: Path relative to the root.
        sha256: Digest of its bytes.
    """

    path: str
    sha256: str


class Places(Mapping[str, Place]):
    """Places by address, looked up at first use, since finding them means reading the files again."""

    def __init__(self, find: Mapping[str, Callable[[], Place]]) -> None:
        self._find = find
        self._known: dict[str, Place] = {}

    def __getitem__(self, address: str) -> Place:
        if address not in self._known:
            self._known[address] = self._find[address]()
        return self._known[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._find)

    def __len__(self) -> int:
        return len(self._find)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One stack with everything it names, each reference resolved.

    Attributes:
        root: Folder that relative paths of the documents start from.
        project: Id that says which clones share state.
        stack: The stack itself.
        pipelines: The pipelines, sorted by name, so that the order of documents does not matter.
        inventory: The inventory.
        contracts: The contracts, sorted by name.
        sources: The files that were read, sorted by path.
        places: Where each service, node, contract, pipeline, inventory and the stack is written, by address
            (`service/PIPELINE:NAME`, `node/NAME`, `contract/NAME`, `pipeline/NAME`, `inventory/NAME`, `stack/NAME`).
        warnings: Diagnostics that do not make the blueprint invalid, of every document of the root.
        values: The values in force, by name: the stack's own, and those that were given in their place.
        value_origins: The option that gave each value in place of the stack's own, by name.
        value_texts: (path from the name on, text) of the numbers in them that would be printed in another way.
        unsupported: Fields of this stack, and of what it names, that apply would ignore; sorted by place.
    """

    root: Path
    project: str
    stack: Stack
    pipelines: tuple[Pipeline, ...]
    inventory: Inventory
    contracts: tuple[ObservationContract, ...]
    sources: tuple[Source, ...]
    places: Mapping[str, Place] = field(compare=False)
    warnings: tuple[Diagnostic, ...] = ()
    unsupported: tuple[Diagnostic, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    value_origins: Mapping[str, str] = field(default_factory=dict)
    value_texts: tuple[tuple[tuple[str | int, ...], str], ...] = ()
