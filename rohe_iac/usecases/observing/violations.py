"""`rohe violations`: the contracts that broke, and the actions that were taken."""

from __future__ import annotations

from typing import Any

from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.observing.observe import ask_agents, unobserved
from rohe_iac.usecases.stacks import KnownStack, OpenTarget


def violations(stack: KnownStack, open_target: OpenTarget) -> list[dict[str, Any]]:
    """Returns all violations with their evidence and actions, the oldest first.

    Raises:
        RoheError: as `ask_agents`.
    """
    answers = ask_agents(stack, open_target, "violations")
    found = [{"agent": answer.agent, **item} for answer in answers for item in answer.items]
    return sorted(found, key=lambda item: (item["opened"], item["id"]))


def restore(stack: KnownStack, violation: str, open_target: OpenTarget) -> None:
    """Ends the actions of a violation: services ask all members of their ensembles again.

    Raises:
        RefusedQuestion: no agent knows the violation, or it has no action in force.
        UsageError: the stack has no agent.
        RoheError: as `ask_agents`.
    """
    reason = unobserved(stack)
    if reason:
        raise UsageError(f"no violation '{violation}' of stack '{stack.name}'", hint=reason)
    agents = {item["id"]: item["agent"] for item in violations(stack, open_target)}
    # Where no agent knows it, the first one that is asked says so.
    ask_agents(stack, open_target, "restore", only=agents.get(violation), violation=violation)
