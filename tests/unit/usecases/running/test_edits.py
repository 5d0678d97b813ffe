"""What others changed of a stack: by hand, or by an apply of another machine, beside own work that was cut off."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.running.edits import EditedByHand, StackEdits, refuse_edits, stack_edits

HAND = ForeignEdit("replica/a", "deployment/a-0", "spec.replicas", "is 0", "1", "kubectl")
APPLY = ForeignEdit("replica/a", "deployment/a-0", "image", "is 2", "1", "another", by_apply=True)
MANIFESTS = (Manifest("deployment-a-0", "Deployment", "replica/a", "kind: Deployment\n"),)


@dataclass
class Edited:
    """A target on which others changed two fields."""

    def edits(self, wanted: object, applied: object) -> tuple[ForeignEdit, ...]:
        return HAND, APPLY


def found(*, complete: bool, interrupted: bool) -> StackEdits:
    record: Any = SimpleNamespace(complete=complete, planfile=SimpleNamespace(manifests=MANIFESTS))
    return stack_edits(cast(Any, Edited()), MANIFESTS, record, interrupted=interrupted)


def test_another_apply_is_told_and_an_own_one_that_was_cut_off_is_not() -> None:
    assert found(complete=True, interrupted=False) == StackEdits((HAND,), (APPLY,))
    assert found(complete=False, interrupted=False) == StackEdits((HAND,))
    assert found(complete=True, interrupted=True) == StackEdits((HAND,))


def test_only_what_was_changed_by_hand_is_refused() -> None:
    refuse_edits(StackEdits(by_apply=(APPLY,)))
    with pytest.raises(EditedByHand) as caught:
        refuse_edits(StackEdits(by_hand=(HAND,)))
    assert "deployment/a-0: spec.replicas is 0, set by kubectl; the plan says 1" in str(caught.value.detail)
