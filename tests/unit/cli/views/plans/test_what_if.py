"""The answer to `rohe plan --what-if`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.what_if import WhatIfView
from rohe_iac.usecases.plans.plan import StackDecision, decide
from rohe_iac.usecases.plans.what_if import what_if

EXAMPLES = Path(__file__).parents[5] / "examples"


@pytest.fixture(scope="module")
def decision() -> StackDecision:
    """The plan of the digits example, of whose services none is sized by its load."""
    return decide(EXAMPLES / "digits")


def test_a_load_that_sizes_nothing_is_noted_with_the_reason(
    new_screen: Any, decision: StackDecision, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = what_if(decision, "pipeline/digits.load*=2")
    screen, printed = new_screen()
    WhatIfView(screen).show(answer, PageOutput.human)
    note = "pipeline/digits.load*=2 changes nothing: no service has `replicas: auto`"
    assert f"note: {note}" in printed()
    WhatIfView(screen).show(answer, PageOutput.markdown)
    assert f"{note}." in capsys.readouterr().out
    WhatIfView(screen).show(answer, PageOutput.json)
    value = json.loads(capsys.readouterr().out)
    assert value["notes"] == ["pipeline/digits.load*=2 changes nothing: no service has `replicas: auto`"]


def test_a_lost_node_breaks_moves_and_loses(new_screen: Any, decision: StackDecision) -> None:
    screen, printed = new_screen()
    WhatIfView(screen).show(what_if(decision, "node/zero-1=down"), PageOutput.human)
    text = printed()
    assert "What if node/zero-1=down" in text
    assert "! the present plan would break " in text
    assert "x replica/digits:camera/0: would fit on no node; closest is " in text
    assert "1 lost" in text.splitlines()[-1]


def test_a_changed_prediction_is_shown_with_the_one_before(new_screen: Any) -> None:
    answer = what_if(decide(EXAMPLES / "cctvs"), "pipeline/cctvs.load*=2")
    screen, printed = new_screen()
    WhatIfView(screen).show(answer, PageOutput.human)
    assert answer.sized_by_load
    assert not answer.idle
    assert "predicted cctvs-sla/fast-answers: 1085 ms of 1200 ms" in printed()
    assert "was 1075 ms" in printed()
