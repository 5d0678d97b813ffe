"""`rohe explain`: why a replica is where it is, or who is to blame for a violation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import KINDS, Address, parse_address
from rohe_iac.planning.model.plan import Placement, Plan, Refusals, Unplaced
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS
from rohe_iac.planning.questions.analysis.node_survey import Survey, latest, surveys_of
from rohe_iac.transports.questions import RefusedQuestion
from rohe_iac.usecases.observing.observe import agents_of, inquirer_of
from rohe_iac.usecases.plans.plugins import reload_plugins
from rohe_iac.usecases.stacks import KnownStack


@dataclass(frozen=True)
class ExplainedPlaces:
    """What a plan decided under an address. origin: which plan it was.

    surveys: every node for the replica of each workload that was decided last, or for the replica that is the address;
    empty where nobody asked. unasked: plugged filters and scorers that are not as they were, and so were not asked.
    """

    address: str
    origin: str
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    refusals: tuple[Refusals, ...]
    surveys: tuple[Survey, ...] = ()
    unasked: tuple[str, ...] = ()


def explain_violation(stack: KnownStack, violation: str) -> dict[str, Any]:
    """The violation whose id begins so, with evidence and actions.

    Errors: UsageError where no agent knows it; else as `asked`.
    """
    agents = agents_of(stack)
    with inquirer_of(stack) as inquirer:
        for agent in agents:
            try:
                return {"agent": agent, **inquirer.ask(agent, "explain", violation=violation)[0]}
            except RefusedQuestion:
                continue
    raise UsageError(f"no violation '{violation}' of stack '{stack.name}'", hint="`rohe violations` lists them")


def explain_places(directory: Path, stack: KnownStack, text: str, *, every: bool = False) -> ExplainedPlaces:
    """What is decided under an address: by the applied plan, else by the plan that the blueprint gives now.

    text: an address, or what it would be without its kind where that is a service or a node.

    every: work out every node anew, those that fit and those that are refused.
    Errors: UsageError where nothing has the address; InvalidBlueprint.
    """
    kinds = ("",) if text.partition("/")[0] in KINDS else ("service/", "node/")
    addresses = [parse_address(kind + text) for kind in kinds]
    unasked: tuple[str, ...] = ()
    plugins = NO_PLUGINS
    if stack.record is not None:
        origin = f"the applied record {stack.record.serial}"
        problem, decided = stack.record.planfile.problem, stack.record.planfile.plan
        if every:
            plugins, unasked = reload_plugins(problem, stack.root)
    else:
        from rohe_iac.usecases.plans.plan import decide

        made, origin = decide(directory, stack.name), "a plan made now; nothing is applied"
        problem, decided, plugins = made.problem, made.plan, made.plugins
    for address in addresses:
        found = _under(decided, address, origin)
        if found.placements or found.unplaced:
            break
    else:
        hints = [hint for address in addresses if (hint := _near(decided, address))]
        words = f"has the address '{text}'" if len(addresses) == 1 else f"is a service or node '{text}'"
        raise UsageError(f"nothing in the plan {words}", hint=(*hints, "`rohe plan` lists what it places")[0])
    if not every:
        return found
    items: tuple[Placement | Unplaced, ...] = (*found.placements, *found.unplaced)
    asked = items if address.kind == "replica" else latest(items)
    return replace(found, surveys=surveys_of(problem, decided, asked, plugins), unasked=unasked)


def _near(plan: Plan, address: Address) -> str:
    """The address that was meant, where its first name is near one that the plan has."""
    if address.kind == "node":
        known = {place.node for place in plan.placements}
    else:
        known = {place.service for place in plan.placements} | {item.service for item in plan.unplaced}
    meant = nearest(address.parts[0], sorted(known))
    if not meant or meant == address.parts[0]:
        return ""
    return f"did you mean '{replace(address, parts=(meant, *address.parts[1:]))}'?"


def _under(plan: Plan, address: Address, origin: str) -> ExplainedPlaces:
    placements = tuple(place for place in plan.placements if _is_under(address, place, place.node))
    unplaced = tuple(item for item in plan.unplaced if _is_under(address, item, ""))
    workloads = {place.workload for place in placements} | {item.workload for item in unplaced}
    refusals = tuple(item for item in plan.refusals if item.workload in workloads)
    return ExplainedPlaces(str(address), origin, placements, unplaced, refusals)


def _is_under(address: Address, item: Placement | Unplaced, node: str) -> bool:
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
