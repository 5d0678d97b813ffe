"""`rohe plan --what-if`: the plan under edits, compared with the plan as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.planning.from_blueprint.node_counts import with_node_counts
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan, Unplaced
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.plan_diff import Change, difference
from rohe_iac.planning.questions.analysis.response_times import Prediction, predictions_of
from rohe_iac.planning.questions.what_if.apply import apply_edits, edit_sizing, is_of_sizing, with_new_amounts
from rohe_iac.planning.questions.what_if.edit import Edit, parse_edits
from rohe_iac.planning.solvers.local_search.outcome import SearchListener, ignore_statistics
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.plan import StackDecision
from rohe_iac.usecases.plans.profile import load_profiles

SELF = ("identity", "bound", "proofs", "refusals", "reasons", "losses", "slowdown")
"""Rules about a plan's claims on itself, which an edit makes untrue without breaking anything that is placed."""


@dataclass(frozen=True)
class WhatIf:
    """What edits would do to a plan.

    Attributes:
        edits: the edits in order.
        changes: replicas that are moved, added or removed.
        lost: replicas that have no node any more.
        violated: constraints of the edited problem that the plan as it stands breaks.
        plan: the plan of the edited problem.
        idle: edits of loads and of how requests are spread, where they change the size of no service.
        sized_by_load: whether any service has `replicas: auto`.
        predicted: objectives whose prediction changes, before and after the edits; None where nothing is known.
    """

    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]
    lost: tuple[Unplaced, ...]
    violated: tuple[Fault, ...]
    plan: Plan
    idle: tuple[Edit, ...] = ()
    sized_by_load: bool = False
    predicted: tuple[tuple[Prediction | None, Prediction | None], ...] = ()


def what_if(decision: StackDecision, text: str, listener: SearchListener = ignore_statistics) -> WhatIf:
    """Plans the edited problem again, from the placements of the plan.

    Edits of loads, and of how requests are spread, are made in the blueprint and come first: services are sized again
    for them. The others are made in the problem, in order.

    Args:
        decision: the plan as it stands.
        text: the edits, parted by commas.
        listener: takes the statistics of each search that is made for the edited plan.

    Raises:
        UsageError: an edit is malformed, or names what the stack does not have.
        FaultyPlugin: a filter, scorer or strategy of the stack fails.
    """
    edits = parse_edits(text)
    present, before = decision.problem, decision.plan
    loaded = _problem_of_new_sizes(decision, edits)
    edited = with_node_counts(apply_edits(loaded, edits), before)
    after = plan(edited, before, decision.plugins, listener=listener)
    standing = replace(before, placements=with_new_amounts(edited, before.placements))
    unplaced = {item.replica for item in before.unplaced}
    same_sizes = loaded.demands == present.demands and loaded.promises == present.promises
    return WhatIf(
        edits=edits,
        changes=tuple(change for change in difference(before, after) if change.kind not in ("kept", "changed")),
        lost=tuple(item for item in after.unplaced if item.replica not in unplaced),
        violated=tuple(fault for fault in verify(edited, standing, decision.plugins) if fault.rule not in SELF),
        plan=after,
        predicted=_changed_predictions(predictions_of(present, before), predictions_of(edited, after)),
        idle=tuple(edit for edit in edits if is_of_sizing(edit) and same_sizes),
        sized_by_load=any(workload.service.replicas == "auto" for workload in workloads_of(decision.blueprint)),
    )


def _changed_predictions(
    before: Iterable[Prediction], after: Iterable[Prediction]
) -> tuple[tuple[Prediction | None, Prediction | None], ...]:
    """Returns the predictions before and after of each objective where they differ, by its name."""
    old, new = ({prediction.objective: prediction for prediction in found} for found in (before, after))
    return tuple((old.get(name), new.get(name)) for name in sorted(old | new) if old.get(name) != new.get(name))


def _problem_of_new_sizes(decision: StackDecision, edits: Sequence[Edit]) -> Problem:
    """Returns the problem of the blueprint with services sized anew, with the plan's settings and callables."""
    present = decision.problem
    if not any(map(is_of_sizing, edits)):
        return present
    blueprint = edit_sizing(decision.blueprint, edits)
    posed = problem_of(blueprint, load_profiles(blueprint)[0])
    return replace(posed, settings=present.settings)
