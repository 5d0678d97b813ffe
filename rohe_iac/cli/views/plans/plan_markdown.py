"""A plan as a page in Markdown, such as a comment on a change of the blueprint."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.cli.views.markdown import table
from rohe_iac.cli.views.plans.bars import loads_of
from rohe_iac.cli.views.plans.prediction import row_of
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.foundation.quantities import counted, shown_bytes, shown_cpu, shown_share
from rohe_iac.planning.model.plan import Placement, Plan, Relaxed
from rohe_iac.planning.questions.analysis.response_times import predictions_of

FEW = 100
"""Rows of a table; the others are counted unless all are asked for."""


def markdown_of(planfile: PlanFile, *, every: bool = False) -> Iterator[str]:
    """The lines of the page."""
    plan, problem = planfile.plan, planfile.problem
    most = max(len(plan.placements), len(problem.nodes), len(planfile.actions)) if every else FEW
    yield f"# Plan of stack {plan.stack}"
    yield ""
    yield f"{summary(plan)}."
    yield ""
    yield from _unplaced(planfile, most)
    yield "## Replicas"
    yield ""
    placed = sorted(plan.placements, key=lambda place: (place.node, place.replica))
    titles = ("node", "replica", "takes", "points", "next would have been", "why")
    yield from table(titles, (_replica(place) for place in placed[:most]))
    yield from _more(len(placed) - most, "replica")
    yield "## Nodes"
    yield ""
    loads = loads_of(problem, plan)
    nodes = sorted(problem.nodes, key=lambda node: (not loads[node.name].replicas, node.name))
    yield from table(
        ("node", "replicas", "cpu", "memory"),
        (
            (
                node.name if node.status == "running" else f"{node.name} ({node.status})",
                loads[node.name].replicas,
                f"{shown_cpu(node.cpu_used + loads[node.name].cpu)} of {shown_cpu(node.cpu)}",
                f"{shown_bytes(node.rss_used + loads[node.name].rss)} of {shown_bytes(node.rss)}",
            )
            for node in nodes[:most]
        ),
    )
    yield from _more(len(nodes) - most, "node")
    predictions = [row_of(one) for one in predictions_of(problem, plan)]
    if predictions:
        yield "## Response times, as predicted"
        yield ""
        rows = ((one.objective, one.way, one.predicted, one.limit, one.slack) for one in predictions[:most])
        yield from table(("objective", "way", "predicted", "at most", "slack"), rows)
    refused = [one for one in plan.refusals if one.by_rule]
    if refused:
        yield "## Nodes refused"
        yield ""
        rows_ = (
            (
                one.workload,
                ", ".join(f"{count} by {rule}" for rule, count in one.by_rule),
                "; ".join(f"{near.node}: {near.missing}" for near in one.closest[:1]),
            )
            for one in refused[:most]
        )
        yield from table(("workload", "refused", "closest"), rows_)
        yield from _more(len(refused) - most, "workload")
    yield from _changes(planfile, most)


def summary(plan: Plan) -> str:
    """How many replicas are placed on how many nodes, and how few nodes would do."""
    bound = plan.bound
    least = f"proven minimum {bound.at_least}" if bound.proven else f"at least {bound.at_least}"
    why = f" ({', '.join(bound.arguments)})" if bound.arguments and not bound.proven else ""
    return (
        f"{counted(len(plan.placements), 'replica')} placed, {len(plan.unplaced)} not; "
        f"uses {counted(bound.nodes_used, 'node')}, {least}{why}; {plan.strategy}"
    )


def _unplaced(planfile: PlanFile, most: int) -> Iterator[str]:
    plan, places = planfile.plan, dict(planfile.places)
    if plan.unplaced:
        yield "## What did not fit"
        yield ""
        rows = (
            (
                one.replica,
                places.get(one.workload, ""),
                "; ".join(f"{near.node}: {near.missing}" for near in one.closest[:1]) or "there is no node",
            )
            for one in plan.unplaced[:most]
        )
        yield from table(("replica", "written in", "closest"), rows)
        yield from _more(len(plan.unplaced) - most, "replica")
    if plan.spare:
        yield f"`survive: {planfile.problem.settings.survive}` keeps {plan.spare} free."
        yield ""
    if plan.losses or plan.relaxed:
        yield f"## survive: {planfile.problem.settings.survive} does not hold"
        yield ""
        losses = ((one.node, len(one.unplaceable), ", ".join(one.outages)) for one in plan.losses[:most])
        yield from table(("failure of", "replicas without a place", "services without a replica"), losses)
        yield from (f"- {less_spread(one)}" for one in plan.relaxed[:most])
        yield from _more(len(plan.relaxed) - most, "workload")
        yield from [""] if plan.relaxed else []


def less_spread(eased: Relaxed) -> str:
    """What is told of a workload that is spread for fewer failures than asked."""
    how = f"for {counted(eased.failures, 'failure')} only" if eased.failures else "for no failure"
    return f"{eased.workload} is spread {how}, so that more replicas have a place"


def _replica(place: Placement) -> tuple[str, ...]:
    takes = [f"core {use.core}: {shown_cpu(use.amount)}" for use in place.cores]
    takes += [f"{use.device}: {shown_share(use.amount)}" for use in place.devices]
    takes += [f"{port.name}: {port.number}" for port in place.ports]
    second, parts = place.runner_up, ", ".join(f"{part.scorer} {part.points}" for part in place.parts)
    return (
        place.node,
        place.replica.removeprefix("replica/") + (f" ({place.variant})" if place.variant else ""),
        ", ".join(takes),
        f"{place.points} ({parts})" if parts else "",
        f"{second.node} with {second.points}" if second is not None else "",
        (f"moved from {place.was}; " if place.was not in ("", place.node) else "") + place.reason,
    )


def _changes(planfile: PlanFile, most: int) -> Iterator[str]:
    against = planfile.against
    yield f"## Against {f'record {against.serial}' if against is not None else 'nothing known'}"
    yield ""
    changes = planfile.changes
    yield f"{counted(len(changes), 'change')}."
    yield ""
    if against is not None:
        rows = ((one.verb, one.manifest, one.because) for one in changes[:most])
        yield from table(("", "what", "because"), rows)
        yield from _more(len(changes) - most, "change")


def _more(number: int, noun: str) -> Iterator[str]:
    if number > 0:
        yield f"... and {counted(number, f'more {noun}')}; `--all` tells them."
        yield ""
