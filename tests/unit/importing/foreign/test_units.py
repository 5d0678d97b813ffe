"""Claims about the original's units."""

from __future__ import annotations

from fractions import Fraction

import pytest
from import_results import field_of

from rohe_iac.importing.foreign.units import (
    CoresUnit,
    bytes_of,
    cpu_of,
    frequency_quantity,
    hertz_of,
    memory_quantity,
    round_up,
    share_of,
    share_quantity,
    unit_of_cores,
)


@pytest.mark.parametrize(("value", "amount"), [(1, 2**20), ("1", 2**20), ("2Gi", 2**31), ("1 MB", 2**20), ("7B", 7)])
def test_a_bare_memory_is_megabytes_of_two_to_the_twenty(value: object, amount: int) -> None:
    assert bytes_of(field_of(value)) == amount


@pytest.mark.parametrize(("value", "hertz"), [(1.5, 1_500_000_000), (1500, 1_500_000_000), (2_000_000, 2_000_000)])
def test_a_bare_frequency_is_read_by_its_size(value: object, hertz: int) -> None:
    assert hertz_of(field_of(value)) == hertz


def test_what_is_no_number_is_a_fault() -> None:
    field = field_of({"a": 1})
    assert share_of(field) is None
    assert "expected a number, found a mapping" in field.journal.faults[0].message


def test_a_cpu_that_its_cores_add_up_to_is_whole_cores() -> None:
    assert cpu_of(field_of(4), [Fraction(100)] * 4) == 4000
    assert cpu_of(field_of(4), [Fraction(100)] * 3) == 4


def test_the_unit_of_cores_is_certain_where_their_sum_is_the_cpu() -> None:
    assert unit_of_cores(4000, [Fraction(100)] * 4) == (CoresUnit.percent, True)
    assert unit_of_cores(400, [Fraction(100)] * 4) == (CoresUnit.millicores, True)
    assert unit_of_cores(1000, [Fraction(100)] * 3)[1] is False


def test_rounding_goes_up_but_for_noise() -> None:
    assert [round_up(Fraction(text)) for text in ("1", "1.0005", "1.01", "0.9999")] == [1, 1, 2, 1]


def test_quantities_of_the_language_are_exact() -> None:
    assert [memory_quantity(2**30), memory_quantity(2**20 + 1)] == ["1Gi", 2**20 + 1]
    assert [share_quantity(1250), frequency_quantity(1_500_000_000), frequency_quantity(1_234_567)] == [
        "12.5%",
        "1.5GHz",
        "1234.567kHz",
    ]
