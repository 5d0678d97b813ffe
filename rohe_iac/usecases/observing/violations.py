"""`rohe violations`: the contracts that broke, and the actions that were taken."""

from __future__ import annotations

from typing import Any

from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.observing.observe import ask_agents, unobserved
from rohe_iac.usecases.stacks import KnownStack


def violations(stack: KnownStack) -> list[dict[str, Any]]:
    """Returns all violations with their evidence and actions, the oldest first.

    Raises:
        RoheError: as `ask_agents`.
    """
    found = [{"agent": answer.agent, **item} for answer in ask_agents(stack, "violations") for item in answer.items]
    return sorted(found, key=lambda item: (item["opened"], item["id"]))


def restore(stack: KnownStack, violation: str) -> None:
    """Ends the actions of a violation: services ask all members of their ensembles again.

    Raises:
        RefusedQuestion: no agent knows the violation.
        UsageError: the stack has no agent.
        RoheError: as `ask_agents`.
    """
    reason = unobserved(stack)
    if reason:
        raise UsageError(f"no violation '{violation}' of stack '{stack.name}'", hint=reason)
    agents = {item["id"]: item["agent"] for item in violations(stack)}
    ask_agents(stack, "explain" if violation not in agents else "restore", violation=violation)
