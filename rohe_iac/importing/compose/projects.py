"""Compose files that are meant together: a base and what overrides it, as `docker compose -f ONE -f OTHER` has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rohe_iac.importing.compose.merging import merged
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.reading import Node

BASES = ("compose", "docker-compose")
"""What a file is called, but for its suffix, that others of its folder are put over."""


def join_projects(roots: Sequence[Field]) -> list[Field]:
    """Compose files of one project put together: the last of them holds all, and the others are told to be in it.

    One project are files of one folder of which one is the base by its name, or that have services in common, and
    documents of one file. The base is the first, wherever it is named; the others follow in the order given.
    """
    projects: list[list[int]] = []
    for index in sorted(range(len(roots)), key=lambda index: not _is_base(roots[index])):
        root = roots[index]
        known = next((one for one in projects if _belongs(root, [roots[index] for index in one])), None)
        if known is None:
            projects.append(known := [])
        known.append(index)
    made = list(roots)
    for one in projects:
        end = max(one)
        first, *others = (roots[index] for index in one)
        whole = first.node
        for root in others:
            whole = Node(whole.file, whole.line, whole.column, entries=merged(whole, root.node))
        for index in set(one) - {end}:
            roots[index].to(f"read together with {PurePath(roots[end].place.file).name}, and told of there")
        made[end] = Field(whole, (), roots[end].journal)
    return made


def _is_base(root: Field) -> bool:
    return PurePath(root.place.file).stem in BASES


def _belongs(root: Field, project: list[Field]) -> bool:
    first, path = PurePath(project[0].place.file), PurePath(root.place.file)
    names = {name.text for one in (root, *project) if (name := one.get("name")) is not None}
    if path.parent != first.parent or len(names) > 1:
        return False
    together = (root, *project)
    return path == first or any(map(_is_base, together)) or any(_services(root) & _services(one) for one in project)


def _services(root: Field) -> set[str]:
    services = root.get("services")
    return {key for key, _ in services.entries()} if services is not None else set()
