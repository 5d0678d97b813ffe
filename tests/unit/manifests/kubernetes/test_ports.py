"""Claims about the ports of containers."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.pipeline import Port
from rohe_iac.manifests.kubernetes.ports import FIRST_PORT, container_port_name, port_numbers


def _ports(*numbers: int | None) -> list[Port]:
    return [Port.model_validate({"name": f"p{index}", "containerPort": number}) for index, number in enumerate(numbers)]


def test_a_port_without_a_number_gets_one_by_its_position() -> None:
    assert port_numbers(_ports(81, None, None)) == [81, FIRST_PORT + 1, FIRST_PORT + 2]


def test_no_two_ports_get_one_number() -> None:
    assert port_numbers(_ports(None, None, 8000, 8002)) == [8001, 8003, 8000, 8002]


@pytest.mark.parametrize(
    ("name", "written"),
    [("http", "http"), ("prometheus-metrics", "port-90"), ("80", "port-90"), ("a--b", "port-90"), ("x" * 15, "x" * 15)],
)
def test_a_name_that_the_server_refuses_is_replaced(name: str, written: str) -> None:
    assert container_port_name(name, 90) == written
