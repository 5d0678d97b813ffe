"""Claims about what a node offers."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.inventory import DeviceType, Node
from rohe_iac.blueprint.linked.capacity import capacity_of

KIND = DeviceType.model_validate(
    {"cpu": 4, "cores": [1, 1, 1, 1], "memory": {"rss": "4Gi"}, "arch": "arm64", "cost": "0.5/h"}
)


def node(**fields: Any) -> Node:
    return Node.model_validate({"name": "n", **fields})


def test_a_node_has_the_figures_of_its_type_but_for_its_own() -> None:
    capacity = capacity_of(node(arch="amd64", memory={"rss": "1Gi"}), KIND)
    assert (capacity.cpu, capacity.cores, capacity.arch, capacity.cost) == (4000, (1000,) * 4, "amd64", 0.5)
    assert capacity.memory is not None
    assert capacity.memory.rss == 2**30


def test_a_node_that_overrides_cpu_alone_has_as_many_whole_cores() -> None:
    assert capacity_of(node(cpu="2500m"), KIND).cores == (1000, 1000)


def test_a_node_without_a_type_may_have_nothing() -> None:
    capacity = capacity_of(node(), None)
    assert (capacity.cpu, capacity.cores, capacity.memory, capacity.accelerators) == (0, (), None, {})
