"""`rohe plan --what-if`: the plan under edits, compared with the plan as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan, Unplaced
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.plan_diff import Change, difference
from rohe_iac.planning.questions.analysis.response_times import Prediction, predictions_of
from rohe_iac.planning.questions.what_if.apply import apply_edits, edit_loads, with_new_amounts
from rohe_iac.planning.questions.what_if.edit import Edit, parse_edits
from rohe_iac.planning.solvers.local_search.outcome import SearchListener, ignore_statistics
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.plan import Decided
from rohe_iac.usecases.plans.profile import profiles_named

SELF = ("identity", "bound", "proofs", "refusals", "reasons", "losses")
"""Rules about what a plan says of itself, which an edit makes untrue without breaking anything that stands."""


@dataclass(frozen=True)
class WhatIf:
    """The edits, what they change (moved, added, removed), who loses its place, and what of the old plan they break.

    notes: what the user should know of edits that change nothing.
    predicted: objectives whose response time is predicted otherwise, as the plan stands and after the edits; None where
    nothing is known.
    """

    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]
    lost: tuple[Unplaced, ...]
    violated: tuple[Fault, ...]
    plan: Plan
    notes: tuple[str, ...] = ()
    predicted: tuple[tuple[Prediction | None, Prediction | None], ...] = ()


def what_if(decided: Decided, text: str, listener: SearchListener = ignore_statistics) -> WhatIf:
    """Plans the edited problem again, from the placements of the plan.

    Edits of pipelines are made in the blueprint and come first: services are sized anew for the load. The others are
    made in the problem, in order. listener: is called with the statistics of each search.
    Errors: UsageError where an edit is not one, or names what the stack does not have; FaultyPlugin.
    """
    edits = parse_edits(text)
    present, before = decided.problem, decided.plan
    loaded = _loaded(decided, edits)
    edited = apply_edits(loaded, edits)
    after = plan(edited, before, decided.plugins, listener=listener)
    standing = replace(before, placements=with_new_amounts(edited, before.placements))
    had = {item.replica for item in before.unplaced}
    loads = [str(edit) for edit in edits if edit.kind == "pipeline"]
    unsized = loads and loaded.demands == present.demands and loaded.promises == present.promises
    return WhatIf(
        edits=edits,
        changes=tuple(change for change in difference(before, after) if change.kind not in ("kept", "changed")),
        lost=tuple(item for item in after.unplaced if item.replica not in had),
        violated=tuple(fault for fault in verify(edited, standing, decided.plugins) if fault.rule not in SELF),
        plan=after,
        predicted=_otherwise(predictions_of(present, before), predictions_of(edited, after)),
        notes=(f"{', '.join(loads)}: no service is sized otherwise for it",) if unsized else (),
    )


def _otherwise(
    before: Iterable[Prediction], after: Iterable[Prediction]
) -> tuple[tuple[Prediction | None, Prediction | None], ...]:
    old, new = ({one.objective: one for one in found} for found in (before, after))
    return tuple((old.get(name), new.get(name)) for name in sorted(old | new) if old.get(name) != new.get(name))


def _loaded(decided: Decided, edits: Sequence[Edit]) -> Problem:
    """The problem that the blueprint poses under other loads, with the settings of the plan."""
    present = decided.problem
    if not any(edit.kind == "pipeline" for edit in edits):
        return present
    blueprint = edit_loads(decided.blueprint, edits)
    posed = problem_of(blueprint, profiles_named(blueprint)[0])
    return replace(posed, settings=present.settings)
