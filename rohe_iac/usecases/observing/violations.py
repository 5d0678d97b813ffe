"""`rohe violations`: what broke, and what was done about it."""

from __future__ import annotations

from typing import Any

from rohe_iac.usecases.observing.observe import asked
from rohe_iac.usecases.stacks import KnownStack


def violations(stack: KnownStack) -> list[dict[str, Any]]:
    """All violations with their evidence and actions, oldest first.

    Errors: as `asked`.
    """
    found = [{"agent": answer.agent, **item} for answer in asked(stack, "violations") for item in answer.items]
    return sorted(found, key=lambda item: (item["opened"], item["id"]))


def restore(stack: KnownStack, violation: str) -> None:
    """Ends the actions of a violation: services are told to ask all members again.

    Errors: RefusedQuestion where no agent knows it; else as `asked`.
    """
    agents = {item["id"]: item["agent"] for item in violations(stack)}
    asked(stack, "explain" if violation not in agents else "restore", violation=violation)
