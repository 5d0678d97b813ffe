"""A plan as a page in Markdown, such as a comment on a change of the blueprint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rohe_iac.cli.views.markdown import table
from rohe_iac.cli.views.plans.agents.shares import COLUMNS, SHARES, share_rows, shares_on_one_node
from rohe_iac.cli.views.plans.bars import node_name, shown_peak
from rohe_iac.cli.views.plans.changes import resource_names
from rohe_iac.cli.views.plans.gain import shown_gain
from rohe_iac.cli.views.plans.node_usage import occupied, placements_by_node, usage_by_node
from rohe_iac.cli.views.plans.prediction import row_of, slowdowns_by_replica
from rohe_iac.cli.views.plans.sentences import (
    ADVICE,
    VALUES,
    advice_lines,
    best_other_node,
    core_amounts,
    pending_work,
    reason,
    refused_by_rule,
    relaxed_spread,
    replica_and_others,
    score_words,
    shown_use,
    summary,
    survival,
    unfinished_work,
    unplaced_alike,
    update_room,
    value_rows,
)
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.foundation.quantities import bytes_alike, counted, cpu_alike
from rohe_iac.planning.model.plan import Placement, Plan, Rejection, nearest_of
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.response_times import Prediction
from rohe_iac.usecases.plans.analysis import AnalysedPlan

FEW = 100
"""Rows of a table; the others are counted unless all are asked for."""


def markdown_of(analysed: AnalysedPlan, *, every: bool = False) -> Iterator[str]:
    """Yields the lines of the page; with `every`, all rows of its tables."""
    planfile = analysed.planfile
    plan, problem = planfile.plan, planfile.problem
    most = max(len(plan.placements), len(problem.nodes), len(planfile.actions)) if every else FEW
    yield f"# Plan of stack {plan.stack}"
    yield ""
    yield f"{summary(plan)}."
    yield ""
    if plan.gain is not None:
        yield f"{shown_gain(plan.gain)}."
        yield ""
    yield from _unplaced(planfile, most)
    yield from _survival(planfile, most)
    yield from _replicas(plan, most, slowdowns_by_replica(analysed.slowed))
    yield from _nodes(problem, plan, most)
    yield from _values(planfile, most)
    yield from (f"- {line}" for line in list(update_room(plan))[:most])
    yield from [""] if plan.reserved else []
    yield from _advice(planfile, most)
    yield from _predictions(analysed.predictions, most)
    yield from _shares(plan, most)
    yield from _refusals(analysed, most) if every or plan.unplaced else ()
    yield from _changes(analysed, most)


def closest_node(closest: Sequence[Rejection]) -> str:
    """Returns the node that comes closest with what it lacks; nothing where there is no node."""
    near = nearest_of(closest)
    return f"{near.node}: {near.missing}" if near else ""


def _unplaced(planfile: PlanFile, most: int) -> Iterator[str]:
    plan, places = planfile.plan, dict(planfile.places)
    if not plan.unplaced:
        return
    yield "## Replicas without a node"
    yield ""
    yield from (f"- {gang}" for gang in plan.left_out[:most])
    yield from [""] if plan.left_out else []
    groups = unplaced_alike(plan.unplaced)
    rows = (
        (
            replica_and_others(item, others),
            places.get(item.workload, ""),
            closest_node(item.closest) or "there is no node",
        )
        for item, others in groups[:most]
    )
    yield from table(("replica", "written in", "closest"), rows)
    yield from _more(sum(1 + others for _, others in groups[most:]), "replica")


def _values(planfile: PlanFile, most: int) -> Iterator[str]:
    rows = value_rows(planfile)
    if not rows:
        return
    yield f"## {VALUES}"
    yield ""
    yield from table(("value", "is", "from"), rows[:most])
    yield from _more(len(rows) - most, "value")


def _survival(planfile: PlanFile, most: int) -> Iterator[str]:
    plan, asked = planfile.plan, survival(planfile.problem.settings)
    if plan.spare:
        yield f"`{asked}` keeps {plan.spare} free."
        yield ""
    if not plan.losses and not plan.relaxed:
        return
    yield f"## {asked} does not hold"
    yield ""
    losses = ((loss.node, len(loss.unplaceable), ", ".join(loss.outages)) for loss in plan.losses[:most])
    yield from table(("failure of", "replicas without a node", "services without a replica"), losses)
    yield from (f"- {relaxed_spread(eased)}" for eased in plan.relaxed[:most])
    yield from _more(len(plan.relaxed) - most, "workload")
    yield from [""] if plan.relaxed else []


def _advice(planfile: PlanFile, most: int) -> Iterator[str]:
    lines = list(advice_lines(planfile))
    if not lines:
        return
    yield f"## {ADVICE}"
    yield ""
    yield from (f"- {line}" for line in lines[:most])
    yield from _more(len(lines) - most, "line")
    yield ""


def _replicas(plan: Plan, most: int, slowdowns: Mapping[str, str]) -> Iterator[str]:
    yield "## Replicas"
    yield ""
    placed = sorted(plan.placements, key=lambda placement: (placement.node, placement.replica))
    titles = ("node", "replica", "takes", "score", "best other node", "why")
    yield from table(titles, (_replica(placement, slowdowns) for placement in placed[:most]))
    yield from _more(len(placed) - most, "replica")


def _replica(placement: Placement, slowdowns: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the cells of a replica's row."""
    takes = [f"core {core}: {amount}" for core, amount in core_amounts(placement)]
    takes += [f"{use.device}: {shown_use(use)}" for use in placement.devices]
    takes += [f"{port.name}: {port.number}" for port in placement.ports]
    return (
        placement.node,
        placement.replica.removeprefix("replica/") + (f" ({placement.variant})" if placement.variant else ""),
        ", ".join(takes),
        score_words(placement),
        best_other_node(placement),
        reason(placement, slowdowns=slowdowns),
    )


def _nodes(problem: Problem, plan: Plan, most: int) -> Iterator[str]:
    yield "## Nodes"
    yield ""
    usage, placements = usage_by_node(problem, plan), placements_by_node(plan)
    nodes = sorted(problem.nodes, key=lambda node: (not usage[node.name].replicas, node.name))
    rows = []
    for node in nodes[:most]:
        cpu, rss = occupied(node, usage[node.name])
        rows.append(
            (
                node_name(node),
                usage[node.name].replicas,
                " of ".join(cpu_alike(cpu, node.cpu)),
                shown_peak(node, placements.get(node.name, ())),
                " of ".join(bytes_alike(rss, node.rss)),
            )
        )
    yield from table(("node", "replicas", "cpu", "cores at peak", "memory"), rows)
    yield from _more(len(nodes) - most, "node")


def _predictions(predictions: Sequence[Prediction], most: int) -> Iterator[str]:
    if not predictions:
        return
    yield "## Response times, as predicted"
    yield ""
    rows = (row_of(prediction) for prediction in predictions[:most])
    yield from table(
        ("objective", "path", "predicted", "at most", "slack", "counted on"),
        ((row.objective, row.path, row.predicted, row.limit, row.slack, ", ".join(row.notes)) for row in rows),
    )


def _shares(plan: Plan, most: int) -> Iterator[str]:
    rows = [*share_rows(plan)]
    if not rows:
        return
    yield f"## {SHARES}"
    yield ""
    yield from table(COLUMNS, rows[:most])
    yield from _more(len(rows) - most, "agent")
    yield from shares_on_one_node(plan)


def _refusals(analysed: AnalysedPlan, most: int) -> Iterator[str]:
    refused = analysed.other_nodes
    if not refused:
        return
    yield "## Why other nodes were not used"
    yield ""
    rows = (
        (refusals.workload, refused_by_rule(refusals), closest_node(refusals.closest)) for refusals in refused[:most]
    )
    yield from table(("workload", "nodes refused", "closest"), rows)
    yield from _more(len(refused) - most, "workload")


def _changes(analysed: AnalysedPlan, most: int) -> Iterator[str]:
    planfile = analysed.planfile
    yield "## What apply would do"
    yield ""
    yield f"{pending_work(planfile, analysed.undone)}."
    yield from (f"- {line}" for line in unfinished_work(analysed, most))
    yield ""
    changes = planfile.changes
    if changes:
        names = resource_names(changes)
        rows = (
            ("change" if action.verb == "update" else action.verb, name, action.because)
            for action, name in zip(changes[:most], names[:most], strict=True)
        )
        yield from table(("", "resource", "because"), rows)
        yield from _more(len(changes) - most, "change")


def _more(number: int, noun: str) -> Iterator[str]:
    """Yields a line about rows that are left out; nothing where there are none."""
    if number > 0:
        yield f"... and {counted(number, f'more {noun}')}; `--all` shows every {noun}."
        yield ""
