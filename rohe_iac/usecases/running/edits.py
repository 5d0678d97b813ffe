"""What others changed of a stack since it was applied: by hand, or by an apply of another machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rohe_iac.deployment.files.record import Record
from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.running.selection import selected

MAX_EDITS = 20
"""Edits that a message lists."""


class EditedByHand(RoheError):
    """Somebody changed parts of the stack, and the apply would overwrite that."""

    exit_code = ExitCode.POLICY


@dataclass(frozen=True)
class StackEdits:
    """What others changed of a stack.

    Attributes:
        by_hand: fields that somebody changed by hand, or with another tool.
        by_apply: fields that came with another plan, such as by `rohe apply` on another machine.
    """

    by_hand: tuple[ForeignEdit, ...] = ()
    by_apply: tuple[ForeignEdit, ...] = ()

    def __bool__(self) -> bool:
        """Returns whether there are any."""
        return bool(self.by_hand or self.by_apply)

    @property
    def restarted(self) -> frozenset[str]:
        """The addresses of the replicas whose pods are other ones once what came with another plan is set back."""
        return frozenset(edit.address for edit in self.by_apply if edit.field.startswith("spec.template"))

    @property
    def by_apply_lines(self) -> list[str]:
        """What came with another plan, a sentence each."""
        return _lines(self.by_apply)


NO_EDITS = StackEdits()


def stack_edits(
    target: DeploymentTarget,
    wanted: Sequence[Manifest],
    record: Record | None,
    *,
    interrupted: bool,
    only: Sequence[str] = (),
) -> StackEdits:
    """Returns what others changed of a stack and an apply would overwrite.

    Args:
        target: the target of the stack.
        wanted: the manifests that would be applied.
        record: what is applied; None where nothing is.
        interrupted: whether the last command on the stack did not end: its own work is no edit of others.
        only: addresses of what would be applied; everything where there is none.
    """
    applied = record.planfile.manifests if record is not None else ()
    found = target.edits(wanted, applied)
    whole = record is not None and record.complete and not interrupted
    chosen = {manifest.address for manifest in selected(wanted, only)}
    return StackEdits(
        by_hand=tuple(edit for edit in found if not edit.by_apply),
        by_apply=tuple(edit for edit in found if edit.by_apply and whole and edit.address in chosen),
    )


def refuse_edits(edits: StackEdits) -> None:
    """Raises EditedByHand where an apply would overwrite what others changed by hand."""
    if edits.by_hand:
        raise EditedByHand(
            f"others changed {counted(len(edits.by_hand), 'field')} of the stack since the last apply",
            detail="\n".join(_lines(edits.by_hand)),
            hint="write the change into the blueprint, or overwrite it with --allow-overwrite",
        )


def _lines(edits: Sequence[ForeignEdit]) -> list[str]:
    more = [f"and {len(edits) - MAX_EDITS} more"] if len(edits) > MAX_EDITS else []
    return [*(str(edit) for edit in edits[:MAX_EDITS]), *more]
