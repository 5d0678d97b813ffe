"""Every node for a replica on a screen and on a page."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.views.plans.survey import FEW, SurveyView, markdown_of, rows_of, summary
from rohe_iac.planning.model.plan import Rejection, ScorePart
from rohe_iac.planning.questions.analysis.node_survey import Fit, Survey

REFUSED = tuple(Rejection(f"zero-{index:02}", "cpu", "cpu: needs 2, only 1 is free", 500_000) for index in range(FEW))
SURVEY = Survey("replica/a/0", "service/a", "pi-1", False, (Fit("pi-1", 7, (ScorePart("cpu", 7),)),), REFUSED[:2])


def test_the_summary_counts_fits_and_refusals() -> None:
    assert summary(SURVEY) == "1 node fits, 2 refused (2 by cpu); it is on pi-1"


def test_the_node_of_the_replica_is_marked(new_screen: Any) -> None:
    for width in (40, 140):
        screen, printed = new_screen(width)
        SurveyView(screen).show(SURVEY)
        assert "* pi-1" in printed()
        assert "  zero-00" in printed()


def test_many_nodes_with_the_same_answer_share_a_row_on_a_screen_and_none_on_a_page(new_screen: Any) -> None:
    many = Survey("replica/a/0", "service/a", "", False, SURVEY.fits, REFUSED)
    screen, printed = new_screen()
    SurveyView(screen).show(many)
    assert f"zero-00, zero-01, zero-02 and {FEW - 3} others" in printed()
    assert "share a row" in printed()
    assert len(list(rows_of(many))) == FEW + 1
    assert sum("zero-" in line for line in markdown_of(many)) == FEW
