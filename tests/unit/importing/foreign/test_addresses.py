"""Addresses of services in texts, and variables whose value is a host."""

from __future__ import annotations

import pytest

from rohe_iac.importing.foreign.addresses import hosts_named, port_variables, ports_addressed, services_addressed


def test_only_whole_names_are_addresses() -> None:
    names = {"model": "model", "db_1": "db-1"}
    assert services_addressed("model:80 http://db_1 https://model.example/ my-model:80 model:8080:80", names) == [
        "model",
        "db-1",
    ]


def test_a_port_of_an_address_is_one_that_exists() -> None:
    assert ports_addressed("http://model:5000/v1 model:70000 tcp://model", {"model": "m"}) == [("m", 5000)]


@pytest.mark.parametrize(
    ("variable", "hosts"),
    [("DB_HOST", ["db"]), ("brokers", ["db"]), ("UPSTREAM_URL", ["db"]), ("HOST_MODE", []), ("NAME", [])],
)
def test_the_name_of_a_variable_tells_whether_its_value_is_a_host(variable: str, hosts: list[str]) -> None:
    assert hosts_named(variable, "db; db,other", {"db": "d"}) == hosts


def test_a_port_has_the_name_of_its_host_or_one_beside_it() -> None:
    assert port_variables("DB_HOST")[:2] == ("DB_PORT", "DB_port")
    assert "BROKER_PORT" in port_variables("BROKER")
