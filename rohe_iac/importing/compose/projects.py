"""Joins Compose files of one project: a base and the files over it, as `docker compose -f ONE -f OTHER` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rohe_iac.importing.compose.merging import merge
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.reading import YamlNode

BASES = ("compose", "docker-compose")
"""Names, without suffix, of files that other files of their folder are merged over."""


def join_projects(roots: Sequence[Field]) -> list[Field]:
    """Returns the documents, with the Compose files of one project joined in the last of them.

    The others are recorded as read together with the last. Files belong to one project where they are in one folder and
    one of them is the base by its name, or they have services in common; documents of one file always do. The base
    comes first wherever it is named; the others follow in the order given.
    """
    projects: list[list[int]] = []
    for index in sorted(range(len(roots)), key=lambda index: not _is_base(roots[index])):
        root = roots[index]
        project = next((members for members in projects if _belongs(root, [roots[member] for member in members])), None)
        if project is None:
            projects.append(project := [])
        project.append(index)
    joined = list(roots)
    for members in projects:
        last = max(members)
        first, *others = (roots[member] for member in members)
        whole = first.node
        for root in others:
            whole = YamlNode(whole.file, whole.line, whole.column, entries=merge(whole, root.node))
        for member in set(members) - {last}:
            roots[member].map_to(f"read together with {PurePath(roots[last].place.file).name}, and reported there")
        joined[last] = Field(whole, (), roots[last].journal)
    return joined


def _is_base(root: Field) -> bool:
    return PurePath(root.place.file).stem in BASES


def _belongs(root: Field, project: list[Field]) -> bool:
    first, path = PurePath(project[0].place.file), PurePath(root.place.file)
    names = {name.text for member in (root, *project) if (name := member.get("name")) is not None}
    if path.parent != first.parent or len(names) > 1:
        return False
    if path == first or any(map(_is_base, (root, *project))):
        return True
    return any(_services(root) & _services(member) for member in project)


def _services(root: Field) -> set[str]:
    services = root.get("services")
    return {key for key, _ in services.entries()} if services is not None else set()
