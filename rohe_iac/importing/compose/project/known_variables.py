"""Which variables the texts of a Compose file are substituted with: of the shell, of the user and of `.env`.

Source: "Environment variables precedence" of Docker Compose
(https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/), and "Include" of the Compose
Specification for files with variables of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rohe_iac.blueprint.text.env_file import read_env_file
from rohe_iac.importing.foreign.project_settings import ProjectSettings, Variables
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.variables.expansion import substitute

ENV = ".env"


def known_variables(file: str, referenced_files: ReferencedFiles, settings: ProjectSettings) -> Variables:
    """Returns the variables of a project: the user's count most, then those of the shell, then those of `.env`.

    Args:
        file: The first file of the project.
        referenced_files: Access to the file `.env` in its folder.
        settings: What the user says, with files in place of `.env` perhaps.
    """
    texts = settings.variable_files
    if texts is None:
        texts = (referenced_files.text(file, ENV) or "",)
    outside = {**settings.shell, **settings.variables}
    found = _read(texts, outside)
    return Variables({**found, **outside}, frozenset(settings.shell.keys() - found.keys() - settings.variables.keys()))


def included_variables(texts: Iterable[str], around: Variables) -> Variables:
    """Returns the variables of an included file. around: those of the file that includes it, which count more."""
    found = _read(texts, around.values)
    return Variables({**found, **around.values}, around.shell - found.keys())


def _read(texts: Iterable[str], outside: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        for name, value in read_env_file(text, dollar="$$").variables:
            if value is not None:
                found[name] = substitute(value, {**found, **outside}).text
    return found
