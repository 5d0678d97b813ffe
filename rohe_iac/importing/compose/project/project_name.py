"""The name of a Compose project, as Docker Compose gives it.

Source: "Specify a project name" (https://docs.docker.com/compose/how-tos/project-name/).
"""

from __future__ import annotations

import re
from pathlib import PurePath

from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.project_settings import Variables

NAME = "COMPOSE_PROJECT_NAME"


def project_name(file: str, named: str, drafts: Drafts, variables: Variables) -> str:
    """Returns the name: of the variable COMPOSE_PROJECT_NAME, the file, the user, or the folder, in lower case.

    Two projects never get the same name.

    Args:
        file: The first file of the project.
        named: What `name` says in the files; "" for nothing.
        drafts: The drafts of the import, with the name that the user wants and those that are taken.
        variables: The variables of the project.
    """
    name = normal_name(variables.values.get(NAME, "")) or named or drafts.name or _of_folder(file, drafts)
    number, found = 2, name
    while found in drafts.projects:
        found, number = f"{name}-{number}", number + 1
    drafts.projects.add(found)
    return found


def normal_name(text: str) -> str:
    """Returns a name in lower case with letters, digits, hyphens and underscores alone, as Docker Compose has it."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower()).lstrip("_-")


def _of_folder(file: str, drafts: Drafts) -> str:
    stem = re.sub(r"^(docker-)?compose[-._]?|[-._](docker-)?compose$", "", PurePath(file).stem)
    return normal_name(drafts.referenced_files.folder_name(file)) or normal_name(stem) or "compose"
