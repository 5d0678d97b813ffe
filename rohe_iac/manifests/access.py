"""Who may say and hear what on the broker: MQTT topic filters, one client (user) a service, an agent or the operator."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.foundation.topics import Topics

OPERATOR = "operator"
"""The client that the command line speaks as."""


@dataclass(frozen=True, slots=True)
class Access:
    """The filters that a client may publish to and subscribe to; all else is denied."""

    client: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def service_access(topics: Topics, topic: str, instances: tuple[str, ...]) -> Access:
    """A service's replicas report, tell their state, answer commands, and hear acknowledgements and commands to them."""
    return Access(
        client=topic,
        publish=tuple(
            sorted(
                [topics.reports_of(topic)]
                + [topics.state(instance) for instance in instances]
                + [topics.answer(instance) for instance in instances]
            )
        ),
        subscribe=tuple(sorted([topics.ack(name) for name in instances] + [topics.command(name) for name in instances])),
    )


def agent_access(topics: Topics, client: str, agents: tuple[str, ...], heard: tuple[str, ...]) -> Access:
    """An agent hears the reports of its pipeline's services, states, answers and questions; it acks, commands and tells."""
    publish = [topics.ack("+"), topics.command("+"), topics.violation("+"), topics.reply("+")]
    publish += [topics.result(agent, "+") for agent in agents] + [topics.state(agent) for agent in agents]
    subscribe = [topics.reports_of(topic) for topic in heard]
    subscribe += [topics.state("+"), topics.answer("+")] + [topics.command(agent) for agent in agents]
    return Access(client=client, publish=tuple(sorted(publish)), subscribe=tuple(sorted(subscribe)))


def operator_access(topics: Topics) -> Access:
    """The command line asks agents and hears their replies, states, results and violations."""
    return Access(
        client=OPERATOR,
        publish=(topics.command("+"),),
        subscribe=(topics.reply("+"), topics.result("+", "+"), topics.state("+"), topics.violation("+")),
    )
