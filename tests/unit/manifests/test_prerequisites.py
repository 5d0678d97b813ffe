"""What manifests of a cluster name and do not contain is listed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests.by_target import manifests_of, prerequisites_of
from rohe_iac.manifests.prerequisites import Prerequisite
from rohe_iac.planning.model.plan import Plan

PlanExample = Callable[[str], tuple[Blueprint, Plan]]


def named_in(blueprint: Blueprint, plan: Plan) -> set[tuple[str, str]]:
    """What the manifests themselves refer to, read from their documents."""
    found: set[tuple[str, str]] = set()
    made: set[tuple[str, str]] = set()
    for manifest in manifests_of(blueprint, plan):
        document: Any = yaml.safe_load(manifest.text)
        made.add((document["kind"], document["metadata"]["name"]))
        if manifest.kind != "Deployment":
            continue
        pod = document["spec"]["template"]["spec"]
        for volume in pod.get("volumes", ()):
            if "secret" in volume:
                found.add(("Secret", volume["secret"]["secretName"]))
        for container in pod["containers"]:
            found.add(("image", container["image"]))
            for entry in container.get("env", ()):
                if "secretKeyRef" in entry.get("valueFrom", {}):
                    found.add(("Secret", entry["valueFrom"]["secretKeyRef"]["name"]))
            found |= {("resource", name) for name in container.get("resources", {}).get("requests", {}) if "/" in name}
    return found - made


def test_exactly_what_the_documents_refer_to_is_listed(plan_example: PlanExample) -> None:
    for example in ("template", "bts", "kpi"):
        blueprint, plan = plan_example(example)
        listed = prerequisites_of(blueprint, plan)
        assert {(item.kind, item.name) for item in listed} == named_in(blueprint, plan)
        assert list(listed) == sorted(listed, key=lambda item: (item.kind, item.name))


def test_what_several_workloads_need_is_listed_once_with_all_of_them(plan_example: PlanExample) -> None:
    listed = prerequisites_of(*plan_example("bts"))
    agent = next(item for item in listed if item.name.startswith("rohe/agent"))
    content = "rohe, and nats-server for the broker"
    assert agent == Prerequisite("image", agent.name, content, ("agent/bts", "broker/broker"))


def test_this_machine_makes_everything_itself(plan_example: PlanExample) -> None:
    assert prerequisites_of(*plan_example("digits")) == ()
