"""Bars of a page, and the numbers of their workloads."""

from __future__ import annotations

from rohe_iac.cli.views.page.bars import OTHERS, BarSegment, plain_bar, replica_name, segmented_bar
from rohe_iac.cli.views.page.keys import COLOURS, WorkloadKeys
from rohe_iac.usecases.plans.analysis import AnalysedPlan


def test_workloads_are_numbered_by_address_and_named_without_an_only_pipeline() -> None:
    keys = WorkloadKeys(["service/p:b", "service/p:a", "agent/p"])
    assert [keys.number(address) for address in ("agent/p", "service/p:a", "service/p:b", "service/p:gone")] == [
        1,
        2,
        3,
        0,
    ]
    assert keys.name("service/p:a") == "a"
    assert keys.name("agent/p") == "agent/p"
    assert WorkloadKeys(["service/p:a", "service/q:a"]).name("service/p:a") == "p:a"


def test_no_segment_leaves_a_bar_that_is_more_than_full(digits: AnalysedPlan) -> None:
    placement = digits.planfile.plan.placements[-1]
    bar = segmented_bar(
        "cpu", 100, 50, [(placement, 150), (placement, 0)], WorkloadKeys(()), lambda *amounts: tuple(map(str, amounts))
    )
    assert (bar.label, bar.percent) == ("200 of 100", 200)
    assert [segment.percent for segment in bar.segments] == [25.0, 75.0]
    assert bar.segments[0] == BarSegment(25.0, OTHERS, "in use already: 50")
    assert bar.segments[1].title == f"{replica_name(placement)}: 150"


def test_a_plain_bar_is_one_segment_of_at_most_the_whole() -> None:
    assert plain_bar("cpu", 30, 20, lambda *amounts: tuple(map(str, amounts))).segments[0].percent == 100
    assert plain_bar("cpu", 0, 0, lambda *amounts: tuple(map(str, amounts))).percent == 0


def test_colours_repeat_and_others_have_their_own() -> None:
    assert BarSegment(1, COLOURS + 3, "").colour == "f3"
    assert BarSegment(1, OTHERS, "").colour == "o"
