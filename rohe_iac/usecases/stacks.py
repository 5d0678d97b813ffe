"""Finds the stack that a command is about: by its name, or as the only one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from rohe_iac.blueprint.documents.discovery import project_of, root_of
from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.blueprint.loading import load
from rohe_iac.deployment.files.record import Record, UnreadableRecord, last_complete_record, read_record
from rohe_iac.deployment.ports import DeploymentTarget, Destination
from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError
from rohe_iac.foundation.folders import StackFolder, state_home
from rohe_iac.manifests.by_target import target_of, target_settings_of
from rohe_iac.usecases.known_names import known_names

LOG = logging.getLogger("rohe.stack")

MAX_NAMED = 12
"""Stacks that the message of an unknown name lists."""

OpenTarget = Callable[[Destination], DeploymentTarget]
"""Opens the target of a stack."""


class StackNotRunning(RoheError):
    """The stack is not applied, or has no agent to ask."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True)
class KnownStack:
    """A stack of a blueprint.

    Attributes:
        root: the root of the blueprint.
        project: the project of the blueprint.
        name: the name of the stack.
        folder: the state folder of the stack.
        record: what was applied last; None where nothing was.
        damage: why the record cannot be read, and `record` is the newest one of the history; empty where it can.
        planned: where nothing was applied, the cluster that the blueprint names, as target and settings; else `local`.
    """

    root: Path
    project: str
    name: str
    folder: StackFolder
    record: Record | None
    damage: str = ""
    planned: tuple[str, Mapping[str, str]] = ("local", MappingProxyType({}))

    @property
    def target(self) -> str:
        """The name of the target that the stack was applied to; where nothing is recorded, the one of `planned`."""
        return self.record.planfile.target if self.record is not None else self.planned[0]

    @property
    def destination(self) -> Destination:
        """Where the stack was applied to."""
        settings = dict(self.record.planfile.settings if self.record is not None else self.planned[1])
        return Destination(self.target, self.project, self.name, self.folder, self.root, settings)

    @property
    def touched(self) -> bool:
        """Whether an apply ever began here and no destroy has ended since."""
        return self.record is not None or bool(self.damage) or self.folder.engine.exists() or self.folder.run.exists()


def known_stack(
    directory: Path,
    stack: str | None,
    *,
    damaged: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
) -> KnownStack:
    """Returns the stack of a name; without a name, the only one applied here, or else the only one of the blueprint.

    Args:
        directory: a folder of the blueprint.
        stack: the name of the stack, or None.
        damaged: whether the newest record of the history takes the place of one that cannot be read.
        values: values that take the place of those of the stack, by name, where the blueprint is asked.

    Raises:
        UsageError: there is no blueprint, there is no stack of the name, the name of the stack is needed, or the
            stack has no such value.
        InvalidBlueprint: the blueprint has to name the stack, and has faults.
        UnreadableRecord: the record is damaged, and `damaged` is False.
    """
    root = root_of(directory)
    project = project_of(root)
    name = stack or _only_applied(project) or load(directory, values=values).stack.metadata.name
    folder = StackFolder.of(project, name)
    damage = ""
    try:
        record = read_record(folder)
    except UnreadableRecord as error:
        if not damaged:
            raise
        record, damage = last_complete_record(folder), f"{error.brief}: {error.detail}"
    known = KnownStack(root, project, name, folder, record, damage)
    if stack is not None and not known.touched:
        _check_name(directory, stack)
    if not known.touched:
        known = replace(known, planned=_planned(directory, name, values))
    applied = f"applied record {record.serial}" if record is not None else "nothing applied"
    LOG.info("stack %s of project %s, %s, state in %s", name, project, applied, folder.path)
    return known


def _planned(directory: Path, name: str, values: Mapping[str, GivenValue]) -> tuple[str, Mapping[str, str]]:
    """Returns the cluster that the blueprint has a stack in, as target and settings; this machine for any other."""
    try:
        blueprint = load(directory, name, values=values)
    except RoheError:
        if values:
            raise
        return "local", {}
    settings = target_settings_of(blueprint)
    return (target_of(blueprint), dict(settings)) if settings else ("local", {})


def _check_name(directory: Path, stack: str) -> None:
    """Raises UsageError where neither the blueprint nor the state folder has a stack of this name."""
    names = known_names(directory).stacks
    if stack in names:
        return
    try:
        load(directory, stack)
    except UsageError as error:
        known = sorted(names)
        if not known:
            raise
        more = f" and {len(known) - MAX_NAMED} more" if len(known) > MAX_NAMED else ""
        raise UsageError(
            f"there is no stack '{stack}' in the blueprint, and none of that name is applied",
            detail=f"stacks: {', '.join(known[:MAX_NAMED])}{more}",
            hint=f"did you mean '{meant}'?" if (meant := nearest(stack, known)) else "",
        ) from error


def _only_applied(project: str) -> str | None:
    """Returns the name of the only applied stack of a project; None where none or several are applied."""
    try:
        found = [path.name for path in (state_home() / project).iterdir() if (path / "record.json").exists()]
    except FileNotFoundError:
        return None
    return found[0] if len(found) == 1 else None
