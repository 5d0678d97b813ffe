"""The check of a saved plan."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.verification import VerificationView
from rohe_iac.usecases.plans.analysis import AnalysedPlan
from rohe_iac.usecases.plans.verify import Verification


@pytest.mark.parametrize(
    ("verification", "verdict"),
    [
        (Verification(()), "9 placements on 3 nodes: every constraint holds"),
        (Verification((), ("a",)), "9 placements on 3 nodes: every constraint that was checked holds"),
        (Verification(("b",), ("a",)), "9 placements on 3 nodes: 1 constraint broken"),
    ],
)
def test_the_verdict_says_what_was_checked(
    new_screen: Any, digits: AnalysedPlan, verification: Verification, verdict: str
) -> None:
    screen, printed = new_screen()
    VerificationView(screen).show(digits.planfile, verification, PageOutput.human)
    lines = printed().splitlines()
    assert lines[-1] == verdict
    assert lines[:-1] == [
        *(f"broken: {fault}" for fault in verification.faults),
        *(f"not checked: {line}" for line in verification.unchecked),
    ]
