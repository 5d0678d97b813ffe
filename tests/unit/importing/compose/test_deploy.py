"""Claims about requests, limits and placement of Compose services."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import dropped, field_of

from rohe_iac.importing.compose.deploy import add_deploy, memory_of


def deployed(value: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the service made of a Compose service, and the reasons of what was dropped."""
    field, service = field_of(value), dict[str, Any]()
    add_deploy(field, service, "services.a")
    return service, dropped(field)


@pytest.mark.parametrize(("text", "amount"), [("50M", 50 * 2**20), ("1gb", 2**30), ("7", 7), (1024, 1024)])
def test_memory_is_in_powers_of_two(text: object, amount: int) -> None:
    assert memory_of(field_of(text)) == amount


def test_without_a_reservation_the_limit_is_requested() -> None:
    service, _ = deployed({"deploy": {"resources": {"limits": {"cpus": "0.5", "memory": "64M"}}}})
    assert service == {
        "requests": {"cpu": "500m", "memory": {"rss": "64Mi"}},
        "limits": {"cpu": "500m", "memory": "64Mi"},
    }


def test_a_limit_below_the_reservation_is_dropped() -> None:
    service, reasons = deployed({"mem_limit": "1M", "mem_reservation": "2M"})
    assert service == {"requests": {"memory": {"rss": "2Mi"}}}
    assert reasons["mem_limit"] == "the limit is below what is reserved"


def test_all_devices_of_a_node_count_as_one() -> None:
    service, _ = deployed({"gpus": "all"})
    assert service["requests"] == {"accelerators": {"gpu": {"count": 1}}}
    twice, reasons = deployed({"gpus": 2, "runtime": "nvidia"})
    assert twice["requests"] == {"accelerators": {"gpu": {"count": 2}}}
    assert "already" in reasons["runtime"]


def test_more_replicas_than_are_placed_are_dropped() -> None:
    service, reasons = deployed({"scale": 1_000_001})
    assert service == {}
    assert reasons["scale"] == "at most 1,000,000 replicas are placed"
