"""Compose files that are meant together: a base and what overrides it, as `docker compose -f ONE -f OTHER` has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rohe_iac.blueprint.importing.compose_merging import merged
from rohe_iac.blueprint.importing.journal import Field
from rohe_iac.blueprint.importing.reading import Node

BASES = ("compose", "docker-compose")
"""What a file is called, but for its suffix, that others of its folder are put over."""


def join_projects(roots: Sequence[Field]) -> list[Field]:
    """Compose files of one project put together: the last of them holds all, and the others are told to be in it.

    One project are files of one folder where the first is the base by its name, or has a service of the same name, and
    documents of one file.
    """
    projects: list[list[int]] = []
    for index, root in enumerate(roots):
        known = next((one for one in projects if _belongs(root, [roots[index] for index in one])), None)
        if known is None:
            projects.append(known := [])
        known.append(index)
    made = list(roots)
    for one in projects:
        first, last = roots[one[0]], roots[one[-1]]
        whole = first.node
        for index in one[1:]:
            entries = merged(whole, roots[index].node)
            whole = Node(first.node.file, first.node.line, first.node.column, entries=entries)
        for index in one[:-1]:
            roots[index].to(f"read together with {PurePath(last.place.file).name}, and told of there")
        made[one[-1]] = Field(whole, (), last.journal)
    return made


def _belongs(root: Field, project: list[Field]) -> bool:
    first, path = PurePath(project[0].place.file), PurePath(root.place.file)
    names = {name.text for one in (root, *project) if (name := one.get("name")) is not None}
    if path.parent != first.parent or len(names) > 1:
        return False
    return path == first or first.stem in BASES or any(_services(root) & _services(one) for one in project)


def _services(root: Field) -> set[str]:
    services = root.get("services")
    return {key for key, _ in services.entries()} if services is not None else set()
