"""`rohe observe --dead-letters`: the messages that the agents cannot use."""

from __future__ import annotations

from typing import Any

from rohe_iac.usecases.observing.observe import ask_agents
from rohe_iac.usecases.stacks import KnownStack, OpenTarget


def dead_letters(stack: KnownStack, open_target: OpenTarget, most: int, *, payloads: bool) -> list[dict[str, Any]]:
    """Returns the newest dead letters of the agents that judge, by time, the oldest first.

    Args:
        stack: the stack.
        open_target: opens the target that the stack was applied to.
        most: how many of each agent, at most.
        payloads: whether to ask for what they say, which may be data of persons.

    Raises:
        RoheError: as `ask_agents`.
    """
    answers = ask_agents(stack, open_target, "dead", most=most, payloads=payloads)
    found = [{"agent": answer.agent, **item} for answer in answers for item in answer.items]
    return sorted(found, key=lambda item: (item["at"], item["agent"], item["row"]))
