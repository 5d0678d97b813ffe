"""Elsewhere: a stack that was applied to another place than the one that is reached now, or by another machine."""

from __future__ import annotations

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.deployment.files.record import Record
from rohe_iac.deployment.location import FoundStack, Location
from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.usecases.stacks import KnownStack


class OtherCluster(RoheError):
    """The target leads to another cluster than the stack was applied to."""

    exit_code = ExitCode.POLICY


class AppliedElsewhere(RoheError):
    """Another machine applied the stack."""

    exit_code = ExitCode.POLICY


def has_moved(record: Record | None, now: Location) -> bool:
    """Checks whether a record is of another place than its target leads to now; False where either is not known."""
    return record is not None and bool(record.location.id and now.id) and record.location.id != now.id


def moved_words(record: Record | None, now: Location) -> str:
    """Returns that the target leads to another place than the record is of, as a sentence; "" where it does not."""
    if record is None or not has_moved(record, now):
        return ""
    return f"{_named(now)} is another one than record {record.serial} was applied to, {_named(record.location)}"


def refuse_other_cluster(record: Record | None, now: Location, *, command: str, meant: str) -> None:
    """Raises OtherCluster where the target leads to another place than the record is of.

    Args:
        record: What was applied last.
        now: Where the target leads to.
        command: The command that would change the place.
        meant: What the command does where the user says that the move is meant, as the end of a sentence.
    """
    if record is not None and has_moved(record, now):
        raise OtherCluster(
            f"this is another cluster than record {record.serial} was applied to, so nothing was changed",
            detail=f"record {record.serial}: {_named(record.location)}\nnow: {_named(now)}",
            hint="have the context lead to that cluster again (`kubectl config view`); where the move is meant, "
            f"`{command} --allow-other-cluster` {meant}",
        )


def remarks_on_place(
    planfile: PlanFile, record: Record | None, target: DeploymentTarget, *, allow_other_cluster: bool
) -> tuple[str, ...]:
    """Returns what of the place that a plan is applied to is not as the user may think, a sentence each.

    Args:
        planfile: The plan.
        record: What was applied last.
        target: Where the plan is applied.
        allow_other_cluster: Whether that may be another place than the one that the record is of.

    Raises:
        OtherCluster: It is another place, and that is not allowed.
    """
    now = target.location()
    if not allow_other_cluster:
        meant = "makes everything here, and leaves the former cluster as it is"
        refuse_other_cluster(record, now, command="rohe apply", meant=meant)
    moved = moved_words(record, now)
    if moved:
        return (f"{moved}: everything is made here; what is there stays",)
    found = target.found_stack() if record is None else None
    if found is None:
        return ()
    return (f"{found_words(found, planfile.project, planfile.stack)}: this apply takes it over",)


def found_words(found: FoundStack, project: str, name: str) -> str:
    """Returns who applied a stack that this machine has no record of, as a sentence.

    Args:
        found: The stack on the target.
        project: Project id of the blueprint here.
        name: Name of the stack.
    """
    who = found.applied or "another machine, whose name the cluster does not have"
    other = f" of the project {found.project}" if found.project and found.project != project else ""
    return f"{found.place} has a stack {name}{other}, applied by {who}"


def refuse_applied_elsewhere(stack: KnownStack, target: DeploymentTarget) -> None:
    """Raises AppliedElsewhere where the target has the stack, and this machine has no record of it."""
    found = target.found_stack()
    if found is not None:
        raise AppliedElsewhere(
            f"stack {stack.name} was not applied from this machine, so nothing was removed",
            detail=found_words(found, stack.project, stack.name),
            hint=f"run `rohe destroy {stack.name}` where it was applied; or take it over with "
            f"`rohe apply {stack.name}`, and destroy it then",
        )


def _named(location: Location) -> str:
    return f"{location.words}, kube-system {location.id}"
