"""Shares: which of the living agents of a pipeline hears which client."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from rohe_iac.observation.configuration import Configuration


def divide_among_living(
    configuration: Configuration, living: Collection[str], unplanned: Iterable[str]
) -> dict[str, set[str]]:
    """Returns the clients that each living agent is to hear.

    A client is heard by the agent that the plan names. Where that one is away, and for clients that the plan does not
    know, it is the living agent of the highest rank for the client (rendezvous hashing; D. Thaler and C. Ravishankar,
    IEEE/ACM Transactions on Networking 6, 1998), so that no client moves between two agents that stay.

    `planning.solvers.sharing.division.divide` divides the clients once, by their load and zones, for agents that all
    live. This function departs from that plan as little as possible while some are away, and has to give every run of
    the judging agent the same answer from what it knows alone.

    Args:
        configuration: Configuration of the judging agent.
        living: Names of the agents that can hear clients, with at least one.
        unplanned: Clients that the plan does not know.
    """
    shares: dict[str, set[str]] = {agent: set() for agent in living}
    for instance in configuration.instances:
        planned = instance.agent or configuration.judging_agent
        shares[planned if planned in shares else _highest(instance.instance, living)].add(instance.instance)
    known = {instance.instance for instance in configuration.instances}
    for client in unplanned:
        if client not in known:
            shares[_highest(client, living)].add(client)
    return shares


def _highest(client: str, agents: Collection[str]) -> str:
    return max(agents, key=lambda agent: _rank(agent, client))


def _rank(agent: str, client: str) -> tuple[bytes, str]:
    return hashlib.blake2b(f"{agent}\n{client}".encode(), digest_size=8).digest(), agent
