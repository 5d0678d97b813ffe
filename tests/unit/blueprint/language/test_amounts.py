"""Thresholds and window lengths are read with their kind."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from rohe_iac.blueprint.language.amounts import Amount, Length, amount_of, length_of


@pytest.mark.parametrize(
    ("written", "amount"),
    [(0.15, Amount(0.15, "number")), ("15%", Amount(0.15, "ratio")), ("300ms", Amount(0.3, "time")),
     ("20/s", Amount(20.0, "rate")), ("64Mi", Amount(64 * 2**20, "bytes")), ("-3%", None), ("soon", None),
     (True, None)],
)  # fmt: skip
def test_a_threshold_has_a_kind_or_is_refused(written: object, amount: Amount | None) -> None:
    if amount is not None:
        assert amount_of(written) == amount
        return
    with pytest.raises(PydanticCustomError) as caught:
        amount_of(written)
    assert caught.value.type == "R120"


@pytest.mark.parametrize(
    ("written", "length"),
    [("5m", Length(seconds=300)), ("100 reports", Length(reports=100)), ("1 report", Length(reports=1)), ("0s", None),
     ("0 reports", None), (5, None), (None, None)],
)  # fmt: skip
def test_a_window_s_length_is_a_time_or_a_number_of_reports(written: object, length: Length | None) -> None:
    if length is not None:
        assert length_of(written) == length
        return
    with pytest.raises(PydanticCustomError) as caught:
        length_of(written)
    assert caught.value.type == "R121"
