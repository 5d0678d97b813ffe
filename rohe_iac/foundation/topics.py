"""Topics of messages: lowercase, fixed depth, so that grants per client can be exact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ROOT = "rohe/v1"


def report_topic(stack: str, service: str, instance: str) -> str:
    """Where an instance reports; `service` is the service's topic level (unique a service of the stack)."""
    return f"{ROOT}/{stack}/report/{service}/{instance}"


def state_topic(stack: str, client: str) -> str:
    """Where a client's state is retained: online, stopped or lost (last will), with its boot id."""
    return f"{ROOT}/{stack}/state/{client}"


def ack_topic(stack: str, client: str) -> str:
    """Where an agent tells a reporter what it has committed."""
    return f"{ROOT}/{stack}/ack/{client}"


def command_topic(stack: str, client: str) -> str:
    """Where a client is told what to do, and an agent is asked."""
    return f"{ROOT}/{stack}/command/{client}"


def reply_topic(stack: str, client: str) -> str:
    """Where the answers to what `client` commanded or asked go."""
    return f"{ROOT}/{stack}/reply/{client}"


def violation_topic(stack: str, contract: str) -> str:
    """Where violations of a contract are told."""
    return f"{ROOT}/{stack}/violation/{contract}"


def result_topic(stack: str, agent: str, window: str) -> str:
    """Where an agent publishes the results of closed windows."""
    return f"{ROOT}/{stack}/result/{agent}/{window}"


@dataclass(frozen=True, slots=True)
class Grants:
    """MQTT topic filters that a broker user may publish to and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def service_grants(stack: str, service: str, instances: Iterable[str]) -> Grants:
    """What the user of one service may do: report as its own instances, and hear what is meant for them."""
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
    """What the user of a pipeline's agents may do: hear reports and states, acknowledge, command, answer, publish."""
    names = sorted(agents)
    return Grants(
        publish=(
            ack_topic(stack, "+"),
            command_topic(stack, "+"),
            reply_topic(stack, "+"),
            violation_topic(stack, "+"),
            *(result_topic(stack, name, "+") for name in names),
            *(state_topic(stack, name) for name in names),
        ),
        subscribe=(
            report_topic(stack, "+", "+"),
            state_topic(stack, "+"),
            *(command_topic(stack, name) for name in names),
            *(reply_topic(stack, name) for name in names),
        ),
    )


def operator_grants(stack: str) -> Grants:
    """What the command line's user may do: ask agents, hear their answers, watch states, results and violations."""
    return Grants(
        publish=(command_topic(stack, "+"),),
        subscribe=(
            reply_topic(stack, "+"),
            state_topic(stack, "+"),
            violation_topic(stack, "+"),
            result_topic(stack, "+", "+"),
        ),
    )
