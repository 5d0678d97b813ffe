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
        ("redis-cli -a hunter2 ping", {"tcp": "p80"}),
    ],
)
def test_a_check_becomes_a_probe_of_a_port(command: str, readiness: dict[str, Any]) -> None:
    service: dict[str, Any] = {"ports": [{"name": "p80", "containerPort": 80}]}
    field = field_of({"healthcheck": {"test": command}})
    add_healthcheck("web", field, service, "services.web")
    assert service["health"]["readiness"] == readiness
    (probe,) = readiness.values()
    assert (probe if isinstance(probe, str) else probe["port"]) in [port["name"] for port in service["ports"]]


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("pg_isready || exit 1", ["/bin/sh", "-c", "pg_isready || exit 1"]),
        (["CMD-SHELL", "pg_isready -U $USER"], ["/bin/sh", "-c", "pg_isready -U $USER"]),
        (["CMD", "pg_isready", "-U", "me"], ["pg_isready", "-U", "me"]),
    ],
)
def test_a_command_is_run_as_compose_runs_it(test: object, words: list[str]) -> None:
    field, service = field_of({"healthcheck": {"test": test}}), dict[str, Any]()
    add_healthcheck("db", field, service, "services.db")
    assert service == {"health": {"readiness": {"exec": words}}}
    assert "in a cluster only" in field.journal.notes[0][1]


def test_a_command_with_a_secret_in_a_container_without_a_port_is_dropped() -> None:
    check = {"test": ["CMD", "redis-cli", "-a", "hunter2", "ping"], "interval": "5s"}
    field, service = field_of({"healthcheck": check}), dict[str, Any]()
    add_healthcheck("db", field, service, "services.db")
    assert service == {}
    assert set(dropped(field)) == {"healthcheck.test", "healthcheck.interval"}
    assert "hunter2" not in str(dropped(field))


def test_how_often_a_replica_is_asked_is_kept() -> None:
    check = {"test": "nc -z localhost 80", "interval": "500ms", "timeout": "1m5s", "retries": 4, "start_interval": "1s"}
    field, service = field_of({"healthcheck": check}), dict[str, Any]()
    add_healthcheck("db", field, service, "services.db")
    assert service["health"]["readiness"] == {"tcp": "p80", "period": "1s", "timeout": "65s", "failureThreshold": 4}
    assert set(dropped(field)) == {"healthcheck.start_interval"}
    odd = field_of(
        {"healthcheck": {"test": "nc -z localhost 80", "interval": "often", "timeout": "1000h", "retries": 0}}
    )
    service = {}
    add_healthcheck("db", odd, service, "services.db")
    assert service["health"]["readiness"] == {"tcp": "p80"}
    assert set(dropped(odd)) == {f"healthcheck.{name}" for name in ("interval", "timeout", "retries")}


def test_the_time_to_start_is_a_length() -> None:
    field, service = field_of({"healthcheck": {"start_period": "1m30s"}}), dict[str, Any]()
    add_healthcheck("db", field, service, "services.db")
    assert service["health"] == {"startup": "90s"}
