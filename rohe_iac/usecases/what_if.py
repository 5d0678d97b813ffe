"""`rohe plan --what-if`: the plan under a few edits, compared with the plan as it stands."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.planning.difference import Change, difference
from rohe_iac.planning.edits import Edit, apply_edits, parse_edits
from rohe_iac.planning.plan import Plan, Unplaced
from rohe_iac.planning.planner import plan
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.verification import Fault, verify


@dataclass(frozen=True)
class WhatIf:
    """The edits, what they change (moved, added, removed), who loses its place, and what of the old plan they break."""

    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]
    lost: tuple[Unplaced, ...]
    violated: tuple[Fault, ...]
    plan: Plan


def what_if(problem: Problem, decided: Plan, text: str) -> WhatIf:
    """Plans the edited problem again, from the placements of the plan.

    Errors: UsageError where an edit is not one, or names what the stack does not have.
    """
    edits = parse_edits(text)
    edited = apply_edits(problem, edits)
    after = plan(edited, decided)
    had = {item.replica for item in decided.unplaced}
    return WhatIf(
        edits=edits,
        changes=tuple(change for change in difference(decided, after) if change.kind not in ("kept", "changed")),
        lost=tuple(item for item in after.unplaced if item.replica not in had),
        violated=verify(edited, decided),
        plan=after,
    )
