"""Results of windows, for the tests of this folder."""

from __future__ import annotations

from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.verdict import Verdict


def result(number: int, contract: str = "c") -> Result:
    """Returns the result of a kept window that begins at `number` seconds and is one second long."""
    return Result(
        contract=contract,
        objective="o",
        start=float(number),
        end=number + 1.0,
        value=0.5,
        count=10,
        window=Verdict.KEPT,
        verdict=Verdict.KEPT,
        number=number,
    )
