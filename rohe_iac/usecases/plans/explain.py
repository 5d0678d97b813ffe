"""`rohe explain`: why a replica is where it is, or which part caused a violation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import KINDS, Address, parse_address
from rohe_iac.planning.model.plan import LeftOutGang, Placement, Plan, Refusals, Unplaced
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS
from rohe_iac.planning.questions.analysis.node_survey import Survey, latest, surveys_of
from rohe_iac.planning.questions.analysis.response_times import Prediction, predictions_of
from rohe_iac.planning.questions.analysis.slowed_replicas import SlowedReplica, slowed_replicas
from rohe_iac.transports.questions import RefusedQuestion
from rohe_iac.usecases.observing.observe import PATIENCE, judges_of, unobserved
from rohe_iac.usecases.plans.plugins import reload_plugins
from rohe_iac.usecases.stacks import KnownStack, OpenTarget

NEWEST = "v-"
"""How the id of every violation begins; agents answer with the newest of those that begin so."""


@dataclass(frozen=True)
class PlacementExplanation:
    """What a plan decided under an address.

    Attributes:
        address: the address.
        origin: which plan it is.
        placements: the replicas under the address that have a node.
        unplaced: the replicas under the address that have none.
        refusals: the nodes refused to the workloads of these replicas.
        surveys: every node for the last replica of each workload, or for the replica that is the address; empty where
            they were not asked for.
        predictions: the limits of response times that the replicas under the address have a part in, as predicted.
        unasked: filters and scorers of the plan that have changed since, and so were not asked.
        left_out: the pipelines of these replicas that are placed whole or not at all, and are not placed.
        slowed: those of the replicas that their neighbours slow down.
    """

    address: str
    origin: str
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    refusals: tuple[Refusals, ...]
    surveys: tuple[Survey, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    unasked: tuple[str, ...] = ()
    left_out: tuple[LeftOutGang, ...] = ()
    slowed: tuple[SlowedReplica, ...] = ()


def explain_violation(stack: KnownStack, violation: str, open_target: OpenTarget) -> dict[str, Any] | None:
    """Returns a violation with its evidence and actions; None where the newest is asked for and there is none.

    Args:
        stack: an applied stack.
        violation: how the id of the violation begins; `v-` for the newest.
        open_target: opens the target that the stack was applied to.

    Raises:
        UsageError: no agent knows the violation that is named.
        RoheError: as `ask_agents`.
    """
    agents = judges_of(stack)
    if agents:
        with open_target(stack.destination).inquirer(PATIENCE) as inquirer:
            for agent in agents:
                try:
                    return {"agent": agent, **inquirer.ask(agent, "explain", violation=violation)[0]}
                except RefusedQuestion:
                    continue
    if violation == NEWEST:
        return None
    if not agents:
        raise UsageError(f"no violation '{violation}' of stack '{stack.name}'", hint=unobserved(stack))
    raise UsageError(f"no violation '{violation}' of stack '{stack.name}'", hint="`rohe violations` lists them")


def explain_places(
    directory: Path,
    stack: KnownStack,
    text: str,
    *,
    every: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
) -> PlacementExplanation:
    """Returns what is decided under an address: by the applied plan, or by a plan made now where none is applied
    or values are given.

    Args:
        directory: a folder of the blueprint.
        stack: the stack.
        text: an address; the kind may be left out of that of a service or a node.
        every: compute every node again, both those that fit and those that are refused.
        values: values that take the place of those of the stack, by name.

    Raises:
        UsageError: nothing in the plan has the address.
        InvalidBlueprint: the blueprint has faults.
    """
    kinds = ("",) if text.partition("/")[0] in KINDS else ("service/", "node/")
    addresses = [parse_address(kind + text) for kind in kinds]
    unasked: tuple[str, ...] = ()
    plugins = NO_PLUGINS
    if stack.record is not None and not values:
        origin = f"the applied record {stack.record.serial}"
        problem, plan = stack.record.planfile.problem, stack.record.planfile.plan
        if every:
            plugins, unasked = reload_plugins(problem, stack.root)
    else:
        from rohe_iac.usecases.plans.plan import decide

        decision = decide(directory, stack.name, values=values)
        origin = f"a plan made now; {'nothing is applied' if stack.record is None else 'with the values given'}"
        problem, plan, plugins = decision.problem, decision.plan, decision.plugins
    for address in addresses:
        found = _under(plan, address, origin)
        if found.placements or found.unplaced:
            break
    else:
        hints = [hint for address in addresses if (hint := _nearest(plan, address))]
        words = f"has the address '{text}'" if len(addresses) == 1 else f"is a service or node '{text}'"
        raise UsageError(f"nothing in the plan {words}", hint=(*hints, "`rohe plan` lists what it places")[0])
    items: tuple[Placement | Unplaced, ...] = (*found.placements, *found.unplaced)
    workloads = {item.workload for item in items}
    concerned = (
        prediction for prediction in predictions_of(problem, plan) if workloads.intersection(prediction.workloads)
    )
    found = replace(found, predictions=tuple(concerned))
    there = {item.replica for item in found.placements}
    slowed = slowed_replicas(problem, plan, predictions_of(problem, plan))
    found = replace(found, slowed=tuple(item for item in slowed if item.replica in there))
    if not every:
        return found
    asked = items if address.kind == "replica" else latest(items)
    return replace(found, surveys=surveys_of(problem, plan, asked, plugins), unasked=unasked)


def _nearest(plan: Plan, address: Address) -> str:
    """Returns a hint with the address that the user may have meant; nothing where no name of the plan is similar."""
    if address.kind == "node":
        known = {placement.node for placement in plan.placements}
    else:
        known = {placement.service for placement in plan.placements} | {item.service for item in plan.unplaced}
    meant = nearest(address.parts[0], sorted(known))
    if not meant or meant == address.parts[0]:
        return ""
    return f"did you mean '{replace(address, parts=(meant, *address.parts[1:]))}'?"


def _under(plan: Plan, address: Address, origin: str) -> PlacementExplanation:
    """Returns the replicas of a plan that the address covers."""
    placements = tuple(item for item in plan.placements if _is_under(address, item, item.node))
    unplaced = tuple(item for item in plan.unplaced if _is_under(address, item, ""))
    workloads = {item.workload for item in placements} | {item.workload for item in unplaced}
    refusals = tuple(item for item in plan.refusals if item.workload in workloads)
    pipelines = {item.pipeline for item in unplaced}
    left_out = tuple(gang for gang in plan.left_out if gang.pipeline in pipelines)
    return PlacementExplanation(str(address), origin, placements, unplaced, refusals, left_out=left_out)


def _is_under(address: Address, item: Placement | Unplaced, node: str) -> bool:
    """Checks whether the address covers a replica that is on this node, or on none where the name is empty."""
    if address.kind == "node":
        return address.parts == (node,)
    if address.kind in ("agent", "broker"):
        return item.workload == str(address)
    if address.kind not in ("service", "replica") or address.pipeline not in ("", item.pipeline):
        return False
    parts = [item.service, *([item.member] if item.member else [])]
    if address.kind == "replica":
        parts.append(str(item.index))
    return tuple(parts[: len(address.parts)]) == address.parts
