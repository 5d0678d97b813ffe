"""What a shown amount can stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.foundation.quantities import bytes_alike, cpu_alike
from rohe_iac.planning.verification.shown_amount import bounds_of


def test_cpu_and_bytes_without_a_unit_are_exact_and_others_are_rounded() -> None:
    assert bounds_of("850m", cpu=True) == (850, 850)
    assert bounds_of("95.3", cpu=True) == (95_300, 95_300)
    assert bounds_of("77", cpu=False) == (77, 77)
    least, most = bounds_of("1.5Ki", cpu=False) or (0, 0)
    assert least <= 1536 <= most
    assert most - least <= 103


def test_what_is_no_amount_has_no_bounds() -> None:
    assert bounds_of("much", cpu=True) is None
    assert bounds_of("2Gi", cpu=True) is None
    assert bounds_of("850m", cpu=False) is None


@given(st.lists(st.integers(0, 2**53), min_size=2, max_size=2))
def test_every_amount_is_within_the_bounds_of_what_is_shown(amounts: list[int]) -> None:
    for cpu, shown in ((True, cpu_alike(*amounts)), (False, bytes_alike(*amounts))):
        for amount, text in zip(amounts, shown, strict=True):
            least, most = bounds_of(text, cpu=cpu) or (1, 0)
            assert least <= amount <= most
