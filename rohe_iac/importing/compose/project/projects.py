"""Joins Compose files of one project: a base and the files over it, as `docker compose -f ONE -f OTHER` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rohe_iac.importing.compose.project.project_reader import ProjectReader
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field

BASES = ("compose", "docker-compose")
"""Names, without suffix, of files that other files of their folder are merged over."""


def join_projects(roots: Sequence[Field], drafts: Drafts) -> list[Field]:
    """Returns the documents, with the Compose files of one project joined in the last of them.

    The others are recorded as read together with the last. The files that the user names as one project are one,
    in that order. Of the others, those in one folder are, unless their names differ: the base comes first wherever it
    is named; the others follow in the order given.
    """
    named = drafts.settings.files
    order = {file: index for index, file in enumerate(named)}
    listed = [index for index, root in enumerate(roots) if root.place.file in order]
    projects: list[list[int]] = [sorted(listed, key=lambda index: order[roots[index].place.file])] if listed else []
    free = [index for index in range(len(roots)) if index not in listed]
    for index in sorted(free, key=lambda index: not _is_base(roots[index])):
        root = roots[index]
        others = projects[1:] if listed else projects
        project = next((members for members in others if _belongs(root, [roots[member] for member in members])), None)
        if project is None:
            projects.append(project := [])
        project.append(index)
    joined = list(roots)
    for members in projects:
        last = max(members)
        for member in set(members) - {last}:
            roots[member].map_to(f"read together with {PurePath(roots[last].place.file).name}, and reported there")
        joined[last] = ProjectReader(drafts, roots[last].journal).read([roots[member].node for member in members])
    return joined


def _is_base(root: Field) -> bool:
    return PurePath(root.place.file).stem in BASES


def _belongs(root: Field, project: list[Field]) -> bool:
    names = {name.text for member in (root, *project) if (name := member.get("name")) is not None}
    return len(names) <= 1 and PurePath(root.place.file).parent == PurePath(project[0].place.file).parent
