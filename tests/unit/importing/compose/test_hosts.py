"""Claims about services that variables name as hosts."""

from __future__ import annotations

from typing import Any

from import_results import Importer, field_of, notes

from rohe_iac.importing.compose.hosts import add_named_hosts
from rohe_iac.importing.foreign.drafts import PipelineDraft


def test_a_host_with_its_port_is_an_address(import_contents: Importer) -> None:
    services = {
        "web": {
            "image": "i",
            "environment": ["DB_HOST=the-db", "DB_PORT=5432", "HOST=web", "CACHE_SERVER=cache", "QUEUE_HOST=queue"],
        },
        "db": {"image": "d", "container_name": "the-db", "environment": {"ADDR": "web", "MODE_OF_HOST_X": "cache"}},
        "cache": {"image": "c", "expose": [6379]},
        "queue": {"image": "q"},
    }
    result = import_contents({"services": services})
    spec = result.documents[0]["spec"]
    assert spec["flow"] == [{"from": "web", "to": "db"}, {"from": "web", "to": "cache"}], "no port of queue is known"
    assert spec["services"][1]["ports"] == [{"name": "p5432", "containerPort": 5432}]
    assert "port 5432 of 'db' is known by this address alone" in notes(result)


def test_a_broker_is_a_host_with_and_without_a_port_of_its_own(import_contents: Importer) -> None:
    services = {
        "web": {"image": "i", "environment": {"BROKER": "mqtt", "TARGETS": "db, web", "TARGETS_PORT": "5432"}},
        "mqtt": {"image": "m", "expose": [1883]},
        "db": {"image": "d"},
    }
    spec = import_contents({"services": services}).documents[0]["spec"]
    assert spec["flow"] == [{"from": "web", "to": "mqtt"}, {"from": "web", "to": "db"}]
    assert spec["services"][2]["ports"] == [{"name": "p5432", "containerPort": 5432}]


def test_a_host_of_a_file_of_variables_is_reported_where_the_file_is_named() -> None:
    web: dict[str, Any] = {"name": "web", "env": {"db_host": "db", "db_port": "5432", "API_HOST": {"secret": "env:X"}}}
    draft = PipelineDraft("p", "p", services=[web, {"name": "db"}])
    field = field_of({"env_file": "a.env"})
    add_named_hosts(field, web, {"db": "db", "web": "web"}, draft)
    assert draft.flow == [{"from": "web", "to": "db"}]
    assert draft.services[1]["ports"] == [{"name": "p5432", "containerPort": 5432}]
    assert [place.line for place, _ in field.journal.notes] == [1, 1]
