"""`rohe explain`: why a replica is where it is, or who is to blame for a violation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import Address, parse_address
from rohe_iac.planning.plan import Placement, Plan, Refusals, Unplaced
from rohe_iac.transports.questions import RefusedQuestion
from rohe_iac.usecases.observe import agents_of, inquirer_of
from rohe_iac.usecases.stacks import KnownStack


@dataclass(frozen=True)
class ExplainedPlaces:
    """What a plan decided under an address. origin: which plan it was."""

    address: str
    origin: str
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    refusals: tuple[Refusals, ...]


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


def explain_places(directory: Path, stack: KnownStack, text: str) -> ExplainedPlaces:
    """What is decided under an address: by the applied plan, else by the plan that the blueprint gives now.

    Errors: UsageError where nothing has the address; InvalidBlueprint.
    """
    address = parse_address(text)
    if stack.record is not None:
        plan, origin = stack.record.planfile.plan, f"the applied record {stack.record.serial}"
    else:
        from rohe_iac.usecases.plan import make_plan

        plan, origin = make_plan(directory, stack.name).planfile.plan, "a plan made now; nothing is applied"
    found = _under(plan, address, origin)
    if not (found.placements or found.unplaced):
        raise UsageError(f"nothing in the plan has the address '{text}'", hint="`rohe plan` lists what it places")
    return found


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
