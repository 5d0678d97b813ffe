"""What the user says about the project that Compose files make: variables, profiles and the order of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables that the texts of a file are substituted with.

    Attributes:
        values: The values by name.
        shell: Names that the shell alone sets: a service that names them without a value reads them where
            `rohe apply` runs.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    shell: frozenset[str] = frozenset()

    def passed(self, name: str) -> str | None:
        """Returns the value that a service gets which names the variable without one; None where there is none."""
        return self.values.get(name) if name not in self.shell else None


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What the user says about Compose files.

    Attributes:
        shell: The variables of the environment that the import runs in.
        variables: Variables that the user gives, which count more.
        variable_files: The texts of files of variables in place of `.env`; None for `.env`.
        profiles: The profiles whose services are imported beside those without one; `*` stands for all.
        files: The names of files of one project, merged in this order wherever they are.
    """

    shell: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_files: tuple[str, ...] | None = None
    profiles: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
