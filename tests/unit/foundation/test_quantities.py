"""Quantities that are shown read back as the same amount."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.foundation.quantities import (
    bandwidths_alike,
    basis_points,
    byte_count,
    bytes_alike,
    counted,
    cpu_alike,
    exact_bandwidth,
    exact_bytes,
    exact_bytes_in_words,
    exact_milliseconds,
    millicores,
    ordinal,
    seconds,
    shown_bandwidth,
    shown_bytes,
    shown_cpu,
    shown_measurement,
    shown_share,
)


@given(st.integers(0, 2**53))
def test_cpu_that_is_shown_is_read_as_the_same_amount(amount: int) -> None:
    assert millicores(shown_cpu(amount)) == amount


@given(st.integers(0, 10_000))
def test_a_share_that_is_shown_is_read_as_the_same_amount(amount: int) -> None:
    assert basis_points(shown_share(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0"), (331, "331m"), (2000, "2"), (9_999, "9999m"), (95_300, "95.3"), (1_187_800, "1187.8"), (-250, "-250m")],
)
def test_cpu_is_shown_in_the_unit_that_people_use(amount: int, shown: str) -> None:
    assert shown_cpu(amount) == shown


def test_bytes_are_shown_in_the_largest_unit() -> None:
    assert [shown_bytes(amount) for amount in (0, 1023, 57 * 2**20, 3 * 2**29)] == ["0", "1023", "57Mi", "1.5Gi"]


def test_what_is_written_exactly_reads_back_as_it_was() -> None:
    texts = {0: "0", 77: "77", 2**30 + 1024: "1048577Ki", 3 * 2**29: "1536Mi"}
    assert {amount: exact_bytes(amount) for amount in texts} == texts
    assert exact_bytes_in_words(238_609_294) == "238609294 bytes (227.6Mi)"
    assert [exact_bytes_in_words(amount) for amount in (100, 1536 * 2**20)] == ["100", "1536Mi"]
    assert all(byte_count(text) == amount for amount, text in texts.items())
    times = {0: "0ms", 1: "0.001ms", 1_171_661: "1171.661ms", 20_000: "20ms", 100_000: "100ms"}
    assert {amount: exact_milliseconds(amount) for amount in times} == times
    assert all(round(seconds(text) * 1e6) == amount for amount, text in times.items())


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "s", "-"),
        (0.0136, "s", "13.6 ms"),
        (1.5, "s", "1.5 s"),
        (13.6, "ms", "13.6 ms"),
        (2500.0, "ms", "2.5 s"),
        (0.945, "%", "94.5 %"),
        (0.99954, "%", "99.95 %"),
        (94.5, "percent", "94.5 %"),
        (0.945, "ratio", "0.945"),
        (40.25, "rate", "40.25/s"),
        (1536.0, "bytes", "1.5Ki"),
        (12345.6, "", "12,346"),
        (21.5, "celsius", "21.5 celsius"),
        (0.0, "s", "0 ms"),
        (float("inf"), "s", "inf s"),
    ],
)
def test_a_measured_number_is_shown_with_its_unit(value: float | None, unit: str, shown: str) -> None:
    assert shown_measurement(value, unit) == shown


def test_amounts_that_are_compared_are_shown_in_one_unit() -> None:
    assert cpu_alike(1000, 850) == ("1000m", "850m")
    assert cpu_alike(95_300, 850) == ("95.3", "0.85")
    gibibyte = 2**30
    assert bytes_alike(5 * gibibyte // 2, gibibyte) == ("2.5Gi", "1Gi")
    assert bytes_alike(2 * gibibyte, 5 * 2**20) == ("2048Mi", "5Mi")
    assert bytes_alike(2 * gibibyte + 1, 2 * gibibyte) == ("2147483649", "2147483648")
    assert bytes_alike(3 * gibibyte, 0) == ("3Gi", "0Gi")


@given(st.lists(st.integers(0, 2**53), min_size=2, max_size=4))
def test_different_amounts_never_look_the_same(amounts: list[int]) -> None:
    for shown in (cpu_alike(*amounts), bytes_alike(*amounts)):
        assert len(set(shown)) == len(set(amounts))
    assert [millicores(text) for text in cpu_alike(*amounts)] == amounts


def test_ordinal_numbers_have_their_article() -> None:
    numbers = (1, 3, 8, 11, 12, 18, 21, 22, 103, 113)
    words = "a first, a third, an eighth, an 11th, a 12th, an 18th, a 21st, a 22nd, a 103rd, a 113th"
    assert ", ".join(ordinal(number) for number in numbers) == words


def test_bandwidths_are_shown_exactly_and_compared_in_one_unit() -> None:
    assert bandwidths_alike(100_000_000, 5_500_000) == ("100Mbps", "5.5Mbps")
    assert bandwidths_alike(1_000_000_000, 0) == ("1Gbps", "0Gbps")
    assert (shown_bandwidth(77), shown_bandwidth(1_500_000)) == ("77bps", "1.5Mbps")
    assert [exact_bandwidth(amount) for amount in (1_500_000, 10**9, 77, 0)] == ["1500Kbps", "1Gbps", "77bps", "0bps"]


@pytest.mark.parametrize(
    ("number", "noun", "written"),
    [
        (1, "replica", "1 replica"),
        (1200, "replica", "1,200 replicas"),
        (2, "NetworkPolicy", "2 NetworkPolicies"),
        (2, "day", "2 days"),
        (0, "PriorityClass", "0 PriorityClasses"),
    ],
)
def test_nouns_are_counted_as_they_are_written(number: int, noun: str, written: str) -> None:
    assert counted(number, noun) == written
