"""Recorded reports divided over several agents give what one agent makes of them, byte for byte."""

from __future__ import annotations

import json

import pytest
from divided import alone_after, several
from recorded_runs import DIGESTS, RUNS, digests_of, outcomes_of

RECORDED = json.loads(DIGESTS.read_text())


TOGETHER = [(name, 4) for name in RUNS] + [("voting-late", 2)]
LATER = [("voting-late", 2, 1), ("single-out-of-order", 4, 2), ("captured", 2, 3)]


@pytest.mark.parametrize(("name", "agents"), TOGETHER)
def test_several_agents_give_what_was_recorded_of_one(name: str, agents: int) -> None:
    assert digests_of(outcomes_of(name, taking=several(agents))) == RECORDED[name]


@pytest.mark.parametrize(("name", "agents", "seed"), LATER)
def test_batches_in_any_order_give_what_one_agent_makes_of_the_same_order(name: str, agents: int, seed: int) -> None:
    divided = outcomes_of(name, taking=several(agents, seed, 60))
    assert divided == outcomes_of(name, taking=alone_after(agents, seed, 60))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("agents", [2, 4])
@pytest.mark.parametrize("name", RUNS)
def test_batches_in_many_orders_give_what_one_agent_makes_of_them(name: str, agents: int, seed: int) -> None:
    divided = outcomes_of(name, taking=several(agents, seed, 200))
    assert divided == outcomes_of(name, taking=alone_after(agents, seed, 200))
