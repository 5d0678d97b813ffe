"""Claims about the container of a replica."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.pod.container import container, environment
from rohe_iac.manifests.kubernetes.pod.devices import PodDevices


def test_variables_are_sorted_and_those_of_the_plan_win() -> None:
    service = Service.model_validate({"name": "web", "image": "i", "env": {"Z": "1", "ROHE_NODE": "mine"}})
    entries = environment(service, Workload("p", service, "", "web", "web"), {"ROHE_NODE": "a"}, "", "")
    assert entries == [{"name": "ROHE_NODE", "value": "a"}, {"name": "Z", "value": "1"}]


def test_ports_in_the_command_line_are_those_of_the_container() -> None:
    service = Service.model_validate(
        {"name": "web", "image": "i", "command": ["run", "{port}"], "ports": [{"name": "a"}]}
    )
    assert container(Workload("p", service, "", "web", "web"), service, "i", [], [], PodDevices({}, ()))["command"] == [
        "run",
        "8000",
    ]
