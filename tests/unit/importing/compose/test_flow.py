"""Addresses of other services in a Compose file become flows, or are told in the journal.

They are read by rohe_iac.importing.compose.flow.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from import_results import Importer, notes

from rohe_iac.usecases.authoring.import_ import import_files

COMPOSE = """
services:
  web:
    image: shop/web
    command: ["serve", "--upstream=http://model:5000/v1", "--port", "$$(PORT)", "{port}"]
    environment:
      CACHE: redis:6379
      QUEUE: amqp://user:hush@queue:5672/jobs
      SELF: http://web:80
      ELSEWHERE: https://example.com/model, models:5000, model.example:5000, 12:30
  model: {image: shop/model, environment: ["BACK=http://web:8000"]}
  redis: {image: redis}
  queue: {image: queue}
"""


def test_an_address_of_a_service_becomes_a_flow_and_is_noted(import_contents: Importer) -> None:
    result = import_contents(COMPOSE)
    spec = result.documents[0]["spec"]
    assert spec["flow"] == [
        {"from": "web", "to": "model"},
        {"from": "web", "to": "redis"},
        {"from": "web", "to": "queue"},
    ]
    lines = [line for line in notes(result).splitlines() if "it has the address of service" in line]
    assert sum("taken as requests that flow from 'web' to" in line for line in lines) == 3
    assert sum("address of service 'web'" in line and "run in a circle" in line for line in lines) == 1
    assert all("in ROHE_PEERS" in line for line in lines)


def test_text_of_a_command_stays_as_it_is(import_contents: Importer) -> None:
    web = import_contents(COMPOSE).documents[0]["spec"]["services"][0]
    assert web["args"][-2:] == ["$$(PORT)", "\\{port}"]


@pytest.mark.parametrize("value", ["http://model:5000", "model:5000", "grpc://model", "x=http://model/,y"])
def test_every_form_of_an_address_is_seen(import_contents: Importer, value: str) -> None:
    text = f"services:\n  a: {{image: a, environment: {{M: '{value}'}}}}\n  model: {{image: m}}\n"
    assert import_contents(text).documents[0]["spec"]["flow"] == [{"from": "a", "to": "model"}]


@pytest.mark.parametrize(
    "field",
    ["container_name: shop-db", "hostname: shop-db", "networks: {n: {aliases: [shop-db]}}"],
)
def test_a_service_is_known_by_every_name_that_others_call_it_by(import_contents: Importer, field: str) -> None:
    text = f"services:\n  a: {{image: a, environment: [DB=shop-db:5432]}}\n  db:\n    image: d\n    {field}\n"
    result = import_contents(text)
    spec = result.documents[0]["spec"]
    assert spec["flow"] == [{"from": "a", "to": "db"}]
    assert spec["services"][1]["ports"] == [{"name": "p5432", "containerPort": 5432}]
    assert "others may call 'db' by the name 'shop-db'" in notes(result)
    assert "port 5432 of 'db' is known by this address alone" in notes(result)


def test_a_port_with_another_service_port_is_told(import_contents: Importer) -> None:
    text = "services:\n  a: {image: a, command: curl http://web:80/}\n  web: {image: w, ports: ['8080:80']}\n"
    result = import_contents(text)
    assert len(result.documents[0]["spec"]["services"][1]["ports"]) == 1
    assert "reached at its service port 8080" in notes(result)


def test_addresses_in_files_of_variables_are_found_even_in_secrets(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("DATABASE_URL=postgres://me:hunter22@db:5432/x\n")
    (tmp_path / "compose.yaml").write_text("services: {a: {image: i, env_file: a.env}, db: {image: d}}\n")
    spec = import_files(tmp_path, [Path("compose.yaml")]).imported.documents[0]["spec"]
    assert spec["flow"] == [{"from": "a", "to": "db"}]
    assert spec["services"][0]["env"] == {"DATABASE_URL": {"secret": "env:DATABASE_URL"}}
    assert spec["services"][1]["ports"] == [{"name": "p5432", "containerPort": 5432}]


def test_services_that_share_a_network_or_volumes_start_one_after_the_other(import_contents: Importer) -> None:
    services = {
        "a": {"image": "i", "network_mode": "service:b", "ipc": "service:b", "pid": "host"},
        "b": {"image": "i", "volumes_from": ["c:ro", "container:d"]},
        "c": {"image": "i", "volumes": ["x:/x"], "pid": "service:a"},
    }
    result = import_contents({"services": services})
    found = result.documents[0]["spec"]["services"]
    assert [service.get("after") for service in found] == [["b"], ["c"], None], "a circle is no order"
    assert "'a' starts after 'b'" in notes(result)
