"""Shares: each client is heard by one living agent, and few move when an agent goes or comes."""

from __future__ import annotations

import msgspec

from rohe_iac.agent.sharing.filters import ReportFilters
from rohe_iac.agent.sharing.shares import divide_among_living
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec

AGENTS = tuple(f"agent-{number}" for number in range(4))
PLANNED = Configuration(
    stack="s",
    pipeline="p",
    agent="agent-0",
    judge="agent-0",
    services=(ServiceSpec(name="load"), ServiceSpec(name="end")),
    instances=(
        *(
            Instance(instance=f"load-{number}", topic="load", service="load", agent=AGENTS[number % 4])
            for number in range(40)
        ),
        Instance(instance="end-0", topic="end", service="end"),
    ),
    contracts=(),
)


def owners(shares: dict[str, set[str]]) -> dict[str, str]:
    found = {client: agent for agent, clients in shares.items() for client in clients}
    assert len(found) == sum(map(len, shares.values())), "a client is heard by two agents"
    return found


def test_living_agents_hear_what_the_plan_says() -> None:
    found = owners(divide_among_living(PLANNED, AGENTS, ()))
    assert found == {item.instance: item.agent or "agent-0" for item in PLANNED.instances}


def test_the_clients_of_an_agent_that_is_away_go_to_all_others_and_no_client_else_moves() -> None:
    before, after = (
        owners(divide_among_living(PLANNED, AGENTS, ())),
        owners(divide_among_living(PLANNED, AGENTS[:3], ())),
    )
    moved = {client for client in before if before[client] != after[client]}
    assert moved == {client for client, agent in before.items() if agent == "agent-3"}
    assert {after[client] for client in moved} == set(AGENTS[:3])
    last = owners(divide_among_living(PLANNED, AGENTS[:2], ()))
    assert all(last[client] == after[client] for client in after if after[client] != "agent-2")


def test_clients_that_the_plan_does_not_know_are_heard_too() -> None:
    unplanned = [f"guest-{number}" for number in range(20)]
    before = owners(divide_among_living(PLANNED, AGENTS, [*unplanned, "load-0"]))
    assert set(before) == {*unplanned, *(item.instance for item in PLANNED.instances)}
    after = owners(divide_among_living(PLANNED, AGENTS[:3], unplanned))
    assert all(after[client] == before[client] for client in unplanned if before[client] != "agent-3")
    assert len({before[client] for client in unplanned}) > 1


def test_a_client_that_is_planned_is_heard_on_its_topic_and_another_on_all() -> None:
    filters = ReportFilters(PLANNED)
    assert filters.of({"load-1", "end-0"}) == ["rohe/v1/s/report/end/end-0", "rohe/v1/s/report/load/load-1"]
    assert filters.of(["guest"]) == ["rohe/v1/s/report/end/guest", "rohe/v1/s/report/load/guest"]
    assert filters.plans("load-1")
    assert not filters.plans("guest")


def test_the_division_does_not_depend_on_the_order_of_agents() -> None:
    away = msgspec.structs.replace(PLANNED, instances=PLANNED.instances[::-1])
    assert owners(divide_among_living(PLANNED, AGENTS[:3], ())) == owners(divide_among_living(away, AGENTS[2::-1], ()))
