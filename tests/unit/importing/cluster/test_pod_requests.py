"""Claims about what a pod holds of its node: as the scheduler counts it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from rohe_iac.importing.cluster.pod_requests import requests_of
from rohe_iac.importing.cluster.quantity import offered, quantity, taken


def container(cpu: str, *, name: str = "c", always: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "resources": {"requests": {"cpu": cpu}},
        **({"restartPolicy": "Always"} if always else {}),
    }


@pytest.mark.parametrize(
    ("spec", "millicores"),
    [
        ({"containers": [container("100m"), container("200m")]}, 300),
        ({"containers": [container("100m")], "initContainers": [container("500m"), container("300m")]}, 500),
        ({"containers": [container("400m")], "initContainers": [container("300m")]}, 400),
        # A sidecar runs beside the containers, and beside the init containers after it.
        ({"containers": [container("100m")], "initContainers": [container("200m", always=True)]}, 300),
        (
            {"containers": [container("100m")], "initContainers": [container("1", always=True), container("500m")]},
            1500,
        ),
        (
            {"containers": [container("100m")], "initContainers": [container("500m"), container("1", always=True)]},
            1100,
        ),
        ({"containers": [container("100m")], "overhead": {"cpu": "50m"}}, 150),
        ({"containers": [container("100m")], "resources": {"requests": {"cpu": "700m"}}}, 700),
        ({"containers": [{"name": "c"}]}, 0),
    ],
)
def test_containers_run_together_and_init_containers_one_after_another(spec: dict[str, Any], millicores: int) -> None:
    assert taken(requests_of({"spec": spec}).get("cpu", Fraction(0)), 1000) == millicores


def test_a_container_that_is_resized_holds_the_most_of_what_it_had_and_gets() -> None:
    held = {"name": "c", "allocatedResources": {"cpu": "2"}, "resources": {"requests": {"cpu": "1500m"}}}
    pod = {"spec": {"containers": [container("500m")]}, "status": {"containerStatuses": [held]}}
    assert requests_of(pod)["cpu"] == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100m", Fraction(1, 10)),
        ("1.5", Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("4Gi", 2**32),
        ("1e3", 1000),
        ("2E", 2 * 10**18),
        ("1E2", 100),
        ("128974848", 128974848),
        ("129M", 129_000_000),
        ("5n", Fraction(5, 10**9)),
        (7, 7),
    ],
)
def test_quantities_are_read_exactly(text: object, value: Fraction) -> None:
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1GiB", "--1", "1e", "0x10", "1_000"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        quantity(text)


def test_what_is_offered_is_rounded_down_and_what_is_taken_up() -> None:
    assert (offered(Fraction(15, 10**4), 1000), taken(Fraction(15, 10**4), 1000)) == (1, 2)
