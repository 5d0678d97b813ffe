"""`rohe observe`: what the agents of an applied stack say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.mqtt.address import broker_address
from rohe_iac.transports.questions import Inquirer
from rohe_iac.usecases.stacks import KnownStack

OPERATOR = "operator"
"""The client that the command line speaks as."""

FOLLOW_EVERY = 1.0


class StackNotRunning(RoheError):
    """There is nobody to ask."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True)
class Answered:
    """What one agent answered."""

    agent: str
    items: list[Any]


def agents_of(stack: KnownStack) -> tuple[str, ...]:
    """The names of the agents that were applied.

    Errors: StackNotRunning where nothing is applied, or no agent belongs to it.
    """
    if stack.record is None:
        raise StackNotRunning(f"stack '{stack.name}' is not applied", hint=f"rohe apply {stack.name}")
    found = tuple(
        place.instance for place in stack.record.planfile.plan.placements if place.workload.startswith("agent/")
    )
    if not found:
        raise StackNotRunning(f"stack '{stack.name}' has no observation agent")
    return found


def inquirer_of(stack: KnownStack, timeout: float = 5.0) -> Inquirer:
    """A connection to the stack's broker, to be entered. Errors: UnusableCredentials."""
    credentials = stack.folder.credentials / f"{OPERATOR}.json"
    return Inquirer(broker_address("", credentials), stack.name, timeout)


def asked(stack: KnownStack, question: str, timeout: float = 5.0, **parameters: Any) -> list[Answered]:
    """Every agent's answer to a question.

    Errors: StackNotRunning, UnusableCredentials, BrokerUnreachable, AgentSilent, RefusedQuestion.
    """
    agents = agents_of(stack)
    with inquirer_of(stack, timeout) as inquirer:
        return [Answered(agent, inquirer.ask(agent, question, **parameters)) for agent in agents]


def follow(stack: KnownStack) -> Iterator[list[dict[str, Any]]]:
    """New results of all agents, again and again, until the caller stops; the first are the newest ten of each."""
    agents = agents_of(stack)
    with ExitStack() as context:
        inquirer = context.enter_context(inquirer_of(stack))
        rows = dict.fromkeys(agents, 0)
        most = 10
        while True:
            found: list[dict[str, Any]] = []
            for agent in agents:
                items = inquirer.ask(agent, "results", after=rows[agent], most=most)
                rows[agent] = max([rows[agent], *(item["row"] for item in items)])
                found += [{"agent": agent, **item} for item in items]
            yield sorted(found, key=lambda item: (item["end"], item["row"]))
            most = 10_000
            time.sleep(FOLLOW_EVERY)
