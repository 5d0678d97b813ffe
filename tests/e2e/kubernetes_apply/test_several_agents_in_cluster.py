"""Several agents of a pipeline in a cluster: a Deployment each, one claim for all, and roles in status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine

AGENTS = [f"rohe-agent-shop-{index}" for index in range(3)]


def agents_and_claims(shop: Shop) -> tuple[list[str], list[str]]:
    """Returns the names of the Deployments of agents, and those of their claims."""
    claims = [name for name in shop.names("persistentvolumeclaims") if name.startswith("rohe-agent")]
    return [name for name in shop.names("deployments") if name.startswith("rohe-agent")], claims


def test_agents_are_added_and_removed_by_apply_and_only_the_one_that_judges_has_a_claim(shop: Shop) -> None:
    shop.write(agents=3)
    planned = json.loads(shop.run("plan", "-o", "json").stdout)["plan"]
    shop.run("apply", "--yes")
    deployments, claims = agents_and_claims(shop)
    assert deployments == AGENTS
    judge = next(item["node"] for item in planned["placements"] if item["instance"] == AGENTS[0])
    assert claims == [f"{AGENTS[0]}.{judge}"]
    nodes = {item["instance"]: item["node"] for item in planned["placements"] if item["workload"] == "agent/shop"}
    assert set(nodes.values()) == set(shop.nodes)

    found = json.loads(shop.run("status", "-o", "json").stdout)["agents"]
    assert [(agent["agent"], agent["role"]) for agent in found] == [
        *zip(AGENTS, ["judges", "receives", "receives"], strict=True)
    ]
    assert {agent["agent"]: agent["share"] for agent in found} == {
        share["agent"]: share["instances"] for share in planned["shares"]
    }
    # Nothing runs on simulated nodes, so no agent answers; the roles are those of the plan.
    assert all(agent["silence"] for agent in found)

    shop.write(agents=1)
    shop.run("apply", "--yes", "--allow-interruption")
    assert agents_and_claims(shop) == (AGENTS[:1], claims)
    assert [agent["role"] for agent in json.loads(shop.run("status", "-o", "json").stdout)["agents"]] == [""]
