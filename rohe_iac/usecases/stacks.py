"""Which stack a command is about: by its name, or the only one that there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.documents.discovery import project_of, root_of
from rohe_iac.blueprint.loading import load
from rohe_iac.deployment.files.record import Record, read_record
from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.foundation.folders import StackFolder, state_home

OpenTarget = Callable[[str, StackFolder, Path], DeploymentTarget]
"""Opens the target of that name for a stack's folder and a blueprint's root."""


@dataclass(frozen=True)
class KnownStack:
    """A stack by its blueprint's root, project and name, with what was applied last."""

    root: Path
    project: str
    name: str
    folder: StackFolder
    record: Record | None

    @property
    def target(self) -> str:
        """The name of the target it was applied to; `local` where nothing says."""
        return self.record.planfile.target if self.record is not None else "local"

    @property
    def touched(self) -> bool:
        """Whether apply ever began here and destroy has not ended since."""
        return self.record is not None or self.folder.engine.exists() or self.folder.run.exists()


def known_stack(directory: Path, stack: str | None) -> KnownStack:
    """The stack of that name; with none, the only one applied here, else the only one of the blueprint.

    Errors: UsageError, InvalidBlueprint where the blueprint had to be asked; UnreadablePlan.
    """
    root = root_of(directory)
    project = project_of(root)
    name = stack or _only_applied(project) or load(directory).stack.metadata.name
    folder = StackFolder.of(project, name)
    return KnownStack(root, project, name, folder, read_record(folder))


def _only_applied(project: str) -> str | None:
    try:
        found = [path.name for path in (state_home() / project).iterdir() if (path / "record.json").exists()]
    except FileNotFoundError:
        return None
    return found[0] if len(found) == 1 else None
