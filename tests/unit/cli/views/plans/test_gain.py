"""What moves gain, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.page.page import page_of
from rohe_iac.cli.views.plans.gain import shown_gain, unchanged_nodes
from rohe_iac.cli.views.plans.plan import PlanView
from rohe_iac.cli.views.plans.plan_markdown import markdown_of
from rohe_iac.planning.model.plan import Gain
from rohe_iac.planning.placement.objective.terms import TERMS
from rohe_iac.usecases.plans.analysis import AnalysedPlan


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (Gain(3, "nodes", 6, 4), "3 moves free 2 nodes"),
        (Gain(1, "nodes", 6, 5), "1 move frees 1 node"),
        (Gain(2, "placed", 8, 9), "2 moves make room for 1 more replica"),
        (Gain(1, "slack", -250, 900), "1 move raises the least slack from -2.5 % to 9 % of the limit"),
        (Gain(4, "cost", 1_200_000, 900_000), "4 moves lower the cost of the nodes from 1.2 to 0.9 an hour"),
        (Gain(2, "balance", 500, 400), "2 moves spread the load more evenly over the nodes"),
        (Gain(1, "wishes", 0, 1_000_000), "1 move meets more preferences of services and nodes"),
    ],
)
def test_a_gain_is_one_sentence(gain: Gain, words: str) -> None:
    assert shown_gain(gain) == words


def test_where_nothing_moves_the_reason_is_said() -> None:
    assert "found" in unchanged_nodes(applied=True)
    assert "applied yet" in unchanged_nodes(applied=False)


def test_screens_pages_and_markdown_have_the_gain(new_screen: Any, digits: AnalysedPlan) -> None:
    moved = replace(digits.planfile.plan, gain=Gain(3, "nodes", 6, 4))
    analysed = AnalysedPlan(replace(digits.planfile, plan=moved), digits.before, digits.agents)
    screen, printed = new_screen(140, terminal=True)
    PlanView(screen).show(analysed, PageOutput.human)
    assert "\n3 moves free 2 nodes.\n" in printed()
    assert "3 moves free 2 nodes." in list(markdown_of(analysed))
    assert "<p>3 moves free 2 nodes.</p>" in page_of(analysed)


def test_every_term_that_moves_can_gain_has_words_of_its_own() -> None:
    terms = {term.name for term in TERMS} - {"moves", "stable"}
    words = {term: shown_gain(Gain(2, term, 5, 3)) for term in terms}
    assert "interference" in terms
    assert not [term for term, shown in words.items() if "`" in shown]
    assert len(set(words.values())) == len(terms)


def test_moves_for_less_interference_say_what_neighbours_cost() -> None:
    words = "2 moves lower what neighbours cost sensitive services from 90 % to 15 % of one replica's time"
    assert shown_gain(Gain(2, "interference", 90, 15)) == words
