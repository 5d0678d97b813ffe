"""Claims about health checks of Compose services."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import dropped, field_of

from rohe_iac.importing.compose.health import add_healthcheck


@pytest.mark.parametrize(
    ("command", "readiness"),
    [
        ("curl -f http://localhost:8080/ok", {"http": {"path": "/ok", "port": "p8080"}}),
        ("curl -f https://web/", {"tcp": "p443"}),
        ("nc -z localhost 6379", {"tcp": "p6379"}),
        ("pg_isready", {"tcp": "p80"}),
    ],
)
def test_a_check_becomes_a_probe_of_a_port(command: str, readiness: dict[str, Any]) -> None:
    service: dict[str, Any] = {"ports": [{"name": "p80", "containerPort": 80}]}
    field = field_of({"healthcheck": {"test": command}})
    add_healthcheck("web", field, service, "services.web")
    assert service["health"]["readiness"] == readiness
    (probe,) = readiness.values()
    assert (probe if isinstance(probe, str) else probe["port"]) in [port["name"] for port in service["ports"]]


def test_a_command_in_a_container_without_a_port_is_dropped() -> None:
    field, service = field_of({"healthcheck": {"test": "pg_isready", "interval": "5s"}}), dict[str, Any]()
    add_healthcheck("db", field, service, "services.db")
    assert service == {}
    assert set(dropped(field)) == {"healthcheck.test", "healthcheck.interval"}


def test_the_time_to_start_is_a_length() -> None:
    field, service = field_of({"healthcheck": {"start_period": "1m30s"}}), dict[str, Any]()
    add_healthcheck("db", field, service, "services.db")
    assert service["health"] == {"startup": "90s"}
