"""Claims about ports of Compose services."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import dropped, field_of

from rohe_iac.importing.compose.ports import add_ports


def test_a_range_of_ports_is_written_out_and_each_port_once() -> None:
    field, service = field_of({"ports": ["8000-8001:80-81", "9000:80"], "expose": ["81", "53/udp"]}), dict[str, Any]()
    add_ports(field, service, "services.a")
    assert service["ports"] == [
        {"name": "p80", "containerPort": 80, "servicePort": 8000},
        {"name": "p81", "containerPort": 81, "servicePort": 8001},
        {"name": "p53-udp", "containerPort": 53, "protocol": "UDP"},
    ]
    assert "published already" in field.journal.notes[0][1]


def test_names_that_are_alike_get_their_number() -> None:
    ports = [{"target": 80, "name": "web"}, {"target": 81, "name": "Web"}]
    service: dict[str, Any] = {}
    add_ports(field_of({"ports": ports}), service, "services.a")
    assert [port["name"] for port in service["ports"]] == ["web", "web-81-tcp"]


def test_a_range_that_is_too_long_is_a_fault_and_another_protocol_is_dropped() -> None:
    field = field_of({"ports": ["1-2000", {"target": 1, "protocol": "sctp"}]})
    add_ports(field, {}, "services.a")
    assert "at most 1024 ports" in field.journal.faults[0].message
    assert dropped(field)["ports[1]"] == "a port is of TCP or UDP"


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "[::1]"])
def test_an_address_of_the_machine_alone_is_told(address: str) -> None:
    field, service = field_of({"ports": [f"{address}:8080:80"]}), dict[str, Any]()
    add_ports(field, service, "services.a")
    assert service["ports"] == [{"name": "p80", "containerPort": 80, "servicePort": 8080}]
    assert "this machine alone" in field.journal.notes[0][1]
