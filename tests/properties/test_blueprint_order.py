"""The order of keys, documents and files means nothing; and what validates can be planned."""

from __future__ import annotations

import copy
import random
import tempfile
from pathlib import Path
from typing import Any

import yaml
from blueprint_samples import CONTRACT, DOCUMENTS, INVENTORY, PIPELINE, STACK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=10)


def linked(files: dict[str, list[Any]]) -> Blueprint:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rohe.yaml").write_text("project: order\n")
        for file, documents in files.items():
            (folder / file).write_text(yaml.safe_dump_all(documents, sort_keys=False))
        return load(folder)


def shuffled(value: Any, drawn: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        drawn.shuffle(keys)
        return {key: shuffled(value[key], drawn) for key in keys}
    return [shuffled(part, drawn) for part in value] if isinstance(value, list) else value


def value_of(blueprint: Blueprint) -> tuple[Any, ...]:
    parts = (blueprint.stack, blueprint.inventory, *blueprint.pipelines, *blueprint.contracts)
    return tuple(part.model_dump() for part in parts)


REFERENCE = value_of(linked({"all.yaml": list(DOCUMENTS)}))


@QUIET
@given(st.integers(0, 2**32), st.lists(st.sampled_from(["a.yaml", "b.yml", "c.yaml"]), min_size=4, max_size=4))
def test_any_order_of_keys_documents_and_files_gives_the_same_blueprint(seed: int, files: list[str]) -> None:
    drawn = random.Random(seed)
    documents = [shuffled(document, drawn) for document in DOCUMENTS]
    pairs = list(zip(files, documents, strict=True))
    drawn.shuffle(pairs)
    spread: dict[str, list[Any]] = {}
    for file, document in pairs:
        spread.setdefault(file, []).append(document)
    assert value_of(linked(spread)) == REFERENCE


@st.composite
def blueprints(draw: st.DrawFn) -> list[Any]:
    pipeline, inventory, stack = copy.deepcopy(PIPELINE), copy.deepcopy(INVENTORY), copy.deepcopy(STACK)
    for service in pipeline["spec"]["services"]:
        service["replicas"] = draw(st.integers(0, 4))
        service["requests"] = {
            "cpu": f"{draw(st.integers(0, 5000))}m",
            "cores": [f"{draw(st.integers(0, 1200))}m" for _ in range(draw(st.integers(0, 5)))],
            "memory": {"rss": draw(st.integers(2**20, 2**33)), "vms": draw(st.integers(2**20, 2**34))},
        }
        service.pop("limits", None)
        if draw(st.booleans()):
            device = draw(st.sampled_from([{"share": "40%"}, {"share": "100%"}, {"count": 1}, {"count": 2}]))
            service["requests"]["accelerators"] = {draw(st.sampled_from(["gpu", "tpu"])): device}
    for node in inventory["spec"]["nodes"]:
        node["status"] = draw(st.sampled_from(["running", "cordoned", "down"]))
    if draw(st.booleans()):
        del inventory["spec"]["links"]
    stack["spec"]["planner"]["objective"] = draw(
        st.permutations(["placed", "slack", "stable", "nodes", "cost", "balance"])
    )
    stack["spec"]["planner"]["strategy"] = draw(st.sampled_from(["first-fit", "best-fit", "worst-fit"]))
    stack["spec"]["planner"]["queue"] = {"priority": draw(st.sampled_from(["none", "cpu", "memory"])), "balance": 2}
    return [pipeline, inventory, CONTRACT, stack]


@QUIET
@given(blueprints())
def test_what_validates_can_be_planned_and_the_plan_keeps_every_rule(documents: list[Any]) -> None:
    blueprint = linked({"all.yaml": documents})
    problem = problem_of(blueprint)
    decided = plan(problem)
    assert verify(problem, decided) == ()
