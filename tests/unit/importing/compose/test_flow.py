"""Addresses of other services in a Compose file become flows, or are told in the journal."""

from __future__ import annotations

import pytest
from import_results import Importer, notes

from rohe_iac.importing.compose.flow import services_addressed

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


def test_only_whole_names_are_addresses() -> None:
    names = {"model": "model", "db_1": "db-1"}
    assert services_addressed("model:80 http://db_1 https://model.example/ my-model:80 model:8080:80", names) == [
        "model",
        "db-1",
    ]


@pytest.mark.parametrize("value", ["http://model:5000", "model:5000", "grpc://model", "x=http://model/,y"])
def test_every_form_of_an_address_is_seen(import_contents: Importer, value: str) -> None:
    text = f"services:\n  a: {{image: a, environment: {{M: '{value}'}}}}\n  model: {{image: m}}\n"
    assert import_contents(text).documents[0]["spec"]["flow"] == [{"from": "a", "to": "model"}]
