"""A pipeline is observed where a contract or a report asks for it; brokers are where an agent or the stack has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.observation import connected_pipelines, observed_pipelines
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.blueprint.loading import load

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec: {services: [{name: camera, image: camera SHOP}]}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: yard}
spec: {services: [{name: gate, image: gate}]}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: n, cpu: 4, memory: {rss: 4Gi}}]}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: promise}
spec:
  pipeline: yard
  objectives: [{metric: availability, operator: ">", value: 90%, window: {size: 1m}}]
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: home}
spec: {pipelines: [shop, yard], inventory: lab STACK}
"""


@pytest.mark.parametrize(
    ("shop", "stack", "observed", "connected", "system"),
    [
        ("", "", (), (), []),
        (", reports: {fields: [picture]}", "", ("shop",), ("shop",), ["agent/shop", "broker/broker"]),
        (", reports: {}", "", ("shop",), ("shop",), ["agent/shop", "broker/broker"]),
        ("", ", contracts: [promise]", ("yard",), ("yard",), ["agent/yard", "broker/broker"]),
        ("", ", broker: {embedded: {}}", (), ("shop", "yard"), ["broker/broker"]),
        ("", ", broker: {url: 'mqtt://b:1883'}", (), ("shop", "yard"), []),
        ("", ", contracts: [promise], broker: {url: 'mqtt://b:1883'}", ("yard",), ("shop", "yard"), ["agent/yard"]),
        ("", ", agents: {requests: {cpu: 100m}}, store: {retention: 1d}", (), (), []),
    ],
)
def test_agent_and_broker_are_there_where_something_asks_for_them(
    tmp_path: Path, shop: str, stack: str, observed: tuple[str, ...], connected: tuple[str, ...], system: list[str]
) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "all.yaml").write_text(DOCUMENTS.replace(" SHOP", shop).replace(" STACK", stack))
    blueprint = load(tmp_path)
    assert observed_pipelines(blueprint) == observed
    assert connected_pipelines(blueprint) == connected
    assert [workload.address for workload in workloads_of(blueprint) if workload.system] == system
