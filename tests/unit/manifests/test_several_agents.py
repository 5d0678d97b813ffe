"""Claims about the manifests of a pipeline that several agents observe, on each target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests import plan_rendering
from rohe_iac.manifests.by_target import manifests_of
from rohe_iac.observation.configuration import decode_configuration
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.solvers.planner import plan

PlanExample = Callable[[str], tuple[Blueprint, Plan]]
AGENTS = [f"rohe-agent-digits-{index}" for index in range(3)]


def rendered(blueprint: Blueprint, **agents: Any) -> dict[str, Any]:
    """Returns the documents of a stack with three agents, by the names of their manifests."""
    spec = blueprint.stack.spec
    stated = spec.agents.model_copy(update={"per_pipeline": 3, **agents})
    stack = blueprint.stack.model_copy(update={"spec": spec.model_copy(update={"agents": stated})})
    several = replace(blueprint, stack=stack)
    return {item.name: yaml.safe_load(item.text) for item in manifests_of(several, plan(problem_of(several)), {})}


@pytest.fixture
def in_cluster(plan_example: PlanExample) -> dict[str, Any]:
    return rendered(plan_example("k3s")[0])


@pytest.fixture
def on_this_machine(plan_example: PlanExample) -> dict[str, Any]:
    return rendered(plan_example("digits")[0])


def test_each_agent_is_a_deployment_with_settings_of_its_own(in_cluster: dict[str, Any]) -> None:
    heard: list[str] = []
    for name in AGENTS:
        (settings,) = [
            document["data"]["agent.json"]
            for document in in_cluster.values()
            if document["kind"] == "ConfigMap" and document["metadata"]["name"].startswith(f"{name}-")
        ]
        told = decode_configuration(settings.encode())
        assert (told.agent, told.judging_agent) == (name, AGENTS[0])
        heard += [item.instance for item in told.share(name)]
    assert len(heard) == len(set(heard)) == len(told.instances)


def test_only_the_agent_that_judges_has_a_claim_and_others_are_marked(in_cluster: dict[str, Any]) -> None:
    claims = [name for name in in_cluster if name.startswith("persistentvolumeclaim-rohe-agent")]
    assert len(claims) == 1
    assert AGENTS[0] in claims[0]
    for name in AGENTS:
        deployment = in_cluster[f"deployment-{name}"]
        volumes = {item["name"]: item for item in deployment["spec"]["template"]["spec"]["volumes"]}
        receives = name != AGENTS[0]
        assert ("emptyDir" in volumes["rohe"]) == receives
        assert ("rohe.dev/receives" in deployment["metadata"]["annotations"]) == receives


def test_all_agents_of_a_pipeline_are_one_client_of_the_broker(on_this_machine: dict[str, Any]) -> None:
    for name in AGENTS:
        spec = on_this_machine[f"process-{name}"]["spec"]
        assert spec["paths"]["ROHE_REPORT_CREDENTIALS"] == "credentials/rohe-agent-digits.json"
        assert spec["paths"]["ROHE_STORE"] == f"stores/{name}"
        assert spec["liveness"] == {"heartbeat": f"stores/{name}/heartbeat"}


def test_receiving_agents_need_no_memory_for_windows_unless_the_stack_states_it(plan_example: PlanExample) -> None:
    blueprint = plan_example("digits")[0]
    requests = blueprint.stack.spec.agents.requests
    assert requests.memory is not None
    stated = requests.model_copy(update={"memory": requests.memory.model_copy(update={"rss": 300 * 2**20})})
    contracts = tuple(with_large_windows(contract) for contract in blueprint.contracts)

    def limits(documents: dict[str, Any]) -> list[int]:
        return [documents[f"process-{name}"]["spec"]["limits"]["memory"] for name in AGENTS]

    derived = limits(rendered(replace(blueprint, contracts=contracts)))
    assert derived[0] > 200 * 2**20
    assert derived[1:] == [128 * 2**20] * 2
    assert limits(rendered(blueprint, requests=stated)) == [300 * 2**20] * 3


def with_large_windows(contract: Any) -> Any:
    """Returns a contract whose windows hold 10,000 reports."""
    window = contract.spec.objectives[0].window.model_copy(update={"size": "10000 reports", "every": None})
    objectives = tuple(item.model_copy(update={"window": window}) for item in contract.spec.objectives)
    return contract.model_copy(update={"spec": contract.spec.model_copy(update={"objectives": objectives})})


@pytest.mark.parametrize("example", ["digits", "k3s"])
def test_the_broker_is_told_how_many_filters_the_last_of_the_agents_needs(
    plan_example: PlanExample, monkeypatch: pytest.MonkeyPatch, example: str
) -> None:
    blueprint = plan_example(example)[0]

    def told() -> dict[str, Any]:
        (broker,) = [item for item in rendered(blueprint).values() if item["kind"] == "Broker"]
        return dict(broker["spec"])

    assert "filters" not in told(), "they are few"
    monkeypatch.setattr(plan_rendering, "FEW_FILTERS", 0)
    clients = [name for name, document in rendered(blueprint).items() if document["kind"] in ("Deployment", "Process")]
    instances = sum("agent" not in name for name in clients)
    services = len([name for name in told()["users"] if "agent" not in name and name != "operator"])
    assert told()["filters"] >= services + 2 * instances
