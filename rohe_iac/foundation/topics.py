"""MQTT topics: lowercase and of fixed depth, so that each client's grants can be exact; and the size of messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ROOT = "rohe/v1"

OPERATOR = "operator"
"""The broker's user that the command line connects as; no service gets a user of this name."""

MAX_REPORT_BYTES = 256 * 1024
"""Largest message to an agent in bytes: reporters send no larger report, and agents take no larger message."""


def kind_of_topic(topic: str) -> str:
    """Returns the level that says what a topic is for, such as `report` or `batch`; "" where it has none.

    Stacks, services and clients may have such a word as their name, so that only its place tells.
    """
    levels = topic.split("/", 4)
    return levels[3] if len(levels) > 3 else ""


def report_topic(stack: str, service: str, instance: str) -> str:
    """Returns the topic where an instance reports; `service` is the topic level of the service, unique in the stack."""
    return f"{ROOT}/{stack}/report/{service}/{instance}"


def state_topic(stack: str, client: str) -> str:
    """Returns the topic where a client's state is retained: online, stopped or lost (last will), with its boot id."""
    return f"{ROOT}/{stack}/state/{client}"


def ack_topic(stack: str, client: str) -> str:
    """Returns the topic where an agent acknowledges to a reporter what the agent has committed."""
    return f"{ROOT}/{stack}/ack/{client}"


def command_topic(stack: str, client: str) -> str:
    """Returns the topic where a client receives commands, and an agent receives questions."""
    return f"{ROOT}/{stack}/command/{client}"


def reply_topic(stack: str, client: str) -> str:
    """Returns the topic where the replies to commands and questions of `client` go."""
    return f"{ROOT}/{stack}/reply/{client}"


def violation_topic(stack: str, contract: str) -> str:
    """Returns the topic where violations of a contract are published."""
    return f"{ROOT}/{stack}/violation/{contract}"


def result_topic(stack: str, agent: str, window: str) -> str:
    """Returns the topic where an agent publishes the results of closed windows."""
    return f"{ROOT}/{stack}/result/{agent}/{window}"


def batch_topic(stack: str, judge: str, agent: str) -> str:
    """Returns the topic where a receiving agent sends batches of reports to the agent that judges."""
    return f"{ROOT}/{stack}/batch/{judge}/{agent}"


def share_topic(stack: str, agent: str) -> str:
    """Returns the topic where a receiving agent is told which clients it hears, and which batches are committed."""
    return f"{ROOT}/{stack}/share/{agent}"


@dataclass(frozen=True, slots=True)
class Grants:
    """The MQTT topic filters that a broker user may publish to and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def service_grants(stack: str, service: str, instances: Iterable[str]) -> Grants:
    """Returns the grants of a service's user: report as its own instances, and receive what is addressed to them."""
    names = sorted(instances)
    return Grants(
        publish=(
            *(report_topic(stack, service, name) for name in names),
            *(state_topic(stack, name) for name in names),
            reply_topic(stack, "+"),
        ),
        subscribe=(
            *(ack_topic(stack, name) for name in names),
            *(command_topic(stack, name) for name in names),
        ),
    )


def agent_grants(stack: str, agents: Iterable[str]) -> Grants:
    """Returns the grants of the user of a pipeline's agents.

    Agents read reports and states; they acknowledge, command, reply and publish results. Several of a pipeline send
    batches to the one that judges, which tells them what they hear.
    """
    names = sorted(agents)
    return Grants(
        publish=(
            ack_topic(stack, "+"),
            command_topic(stack, "+"),
            reply_topic(stack, "+"),
            violation_topic(stack, "+"),
            *(result_topic(stack, name, "+") for name in names),
            *(state_topic(stack, name) for name in names),
            *(batch_topic(stack, name, other) for name in names for other in names if other != name),
            *(share_topic(stack, name) for name in names if len(names) > 1),
        ),
        subscribe=(
            report_topic(stack, "+", "+"),
            state_topic(stack, "+"),
            *(command_topic(stack, name) for name in names),
            *(reply_topic(stack, name) for name in names),
            *(batch_topic(stack, name, "+") for name in names if len(names) > 1),
            *(share_topic(stack, name) for name in names if len(names) > 1),
        ),
    )


def operator_grants(stack: str) -> Grants:
    """Returns the grants of the command line's user: question agents, read replies, states, results and violations."""
    return Grants(
        publish=(command_topic(stack, "+"),),
        subscribe=(
            reply_topic(stack, "+"),
            state_topic(stack, "+"),
            violation_topic(stack, "+"),
            result_topic(stack, "+", "+"),
        ),
    )
