"""The memory of an agent follows from the windows of its contracts and the load of its pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.agent_memory import DEFAULT_MEMORY, STEP, agent_memory
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.blueprint.loading import check, load

DOCUMENTS = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: shop}
spec:
  pipelines: [shop]
  inventory: lab
  contracts: [promise]
  AGENTS
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: n1, cpu: 8, memory: {rss: 16Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  LOAD
  services:
    - {name: camera, command: [x], requests: {cpu: 10m}}
    - {name: detect, command: [x], requests: {cpu: 10m}}
  flow: [{from: camera, to: detect, rate: 2}]
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: promise}
spec:
  pipeline: shop
  lateness: 1s
  objectives:
    - {name: o, metric: response_time, operator: "<=", value: 300ms, SCOPE, window: WINDOW}
  processing: PROCESSING
"""


def written(folder: Path, **values: str) -> Path:
    (folder / "rohe.yaml").write_text("project: example\n")
    (folder / "blueprints").mkdir()
    text = DOCUMENTS
    defaults = {"AGENTS": "", "LOAD": "load: 100/s", "SCOPE": "scope: {}", "WINDOW": "{size: 10s}", "PROCESSING": "[]"}
    for name, default in defaults.items():
        text = text.replace(name, values.get(name.lower(), default))
    (folder / "mine.py").write_text("def spread(samples):\n    return {}\n")
    (folder / "blueprints" / "all.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("window", "scope", "reports"),
    [
        ("{size: 10s}", "scope: {service: camera}", 10 * 100),
        ("{size: 10s}", "scope: {service: detect}", 10 * 200),
        ("{size: 10s, every: 2s}", "scope: {service: camera}", 12 * 100),
        ("{size: 500 reports, every: 20 reports}", "scope: {service: camera}", 500),
        ("{size: 10s}", "scope: {}", 10 * 100 * 3),
        ("{session: 3s}", "scope: {service: camera}", 30 * 100),
    ],
)
def test_the_reports_of_a_window_follow_from_its_size_its_scope_and_the_load(
    tmp_path: Path, window: str, scope: str, reports: float
) -> None:
    blueprint = load(written(tmp_path, window=window, scope=scope))
    memory = agent_memory(blueprint.pipelines[0], blueprint.contracts)
    assert memory.windows == (("promise/o", reports),)
    assert memory.waiting == 300 * 3 * 1.0
    assert f"{reports:,.0f} reports in windows x 640 bytes + 900 that wait x 1.5Ki" in memory.formula


def limit_of(folder: Path) -> int:
    [agent] = [workload for workload in workloads_of(load(folder)) if workload.role == "agent"]
    assert agent.service.requests.memory is not None
    return agent.service.requests.memory.rss


def test_an_agent_gets_what_it_needs_and_at_least_the_default(tmp_path: Path) -> None:
    small, large, fixed = (tmp_path / name for name in ("small", "large", "fixed"))
    for folder in (small, large, fixed):
        folder.mkdir()
    assert limit_of(written(small)) == DEFAULT_MEMORY
    assert limit_of(written(large, load="load: 1000/s", window="{size: 5m}")) > 512 * 2**20
    assert limit_of(written(fixed, agents="agents: {requests: {memory: {rss: 512Mi}}}")) == 512 * 2**20


FUNCTIONS = """[
    {function: "mine.py:spread", window: {size: 1 reports}, memory: 100Mi},
    {function: "mine.py:spread", window: {size: 1 reports}}]"""


def test_the_processes_of_user_functions_are_part_of_the_memory_of_an_agent(tmp_path: Path) -> None:
    folder = written(tmp_path, processing=FUNCTIONS, window="{size: 60s}")
    blueprint = load(folder)
    memory = agent_memory(blueprint.pipelines[0], blueprint.contracts)
    assert memory.functions == (("promise/mine.py:spread", 100 * 2**20), ("promise/mine.py:spread", 256 * 2**20))
    assert memory.formula.startswith("64Mi + 356Mi of 2 user functions + 1.4 x (")
    more = memory.needed - replace(memory, functions=()).needed
    assert abs(more - 356 * 2**20) < STEP
    assert limit_of(folder) == memory.needed


def test_a_request_without_room_for_user_functions_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, processing=FUNCTIONS, agents="agents: {requests: {memory: {rss: 256Mi}}}")
    [fault] = [diagnostic for diagnostic in check([folder]).diagnostics if diagnostic.code == "R238"]
    assert fault.message == (
        "the agent of pipeline 'shop' needs 432Mi at 100/s, 356Mi of it for user functions, not 256Mi"
    )
    assert fault.hint.endswith("or state less memory than 256Mi for the function promise/mine.py:spread")


@pytest.mark.parametrize(
    ("amount", "fault"),
    [("16Mi", "a function needs at least 32Mi, found 16Mi"), ("16", "found 16"), ("-1Mi", "negative")],
)
def test_a_function_cannot_have_less_memory_than_python_takes(tmp_path: Path, amount: str, fault: str) -> None:
    processing = FUNCTIONS.replace("100Mi", amount)
    found = {diagnostic.message for diagnostic in check([written(tmp_path, processing=processing)]).diagnostics}
    assert [message for message in found if fault in message]


def test_a_pipeline_without_a_load_says_what_is_assumed(tmp_path: Path) -> None:
    blueprint = load(written(tmp_path, load=""))
    assert agent_memory(blueprint.pipelines[0], blueprint.contracts).formula.endswith(
        "at 10/s, assumed because no load is stated"
    )


def test_a_request_that_is_too_small_is_refused_with_what_to_write(tmp_path: Path) -> None:
    folder = written(tmp_path, load="load: 5000/s", agents="agents: {requests: {memory: {rss: 128Mi}}}")
    [fault] = [diagnostic for diagnostic in check([folder]).diagnostics if diagnostic.code == "R238"]
    assert fault.message == "the agent of pipeline 'shop' needs 368Mi at 5000/s, not 128Mi"
    assert fault.hint.startswith("write 368Mi, or leave memory out")
