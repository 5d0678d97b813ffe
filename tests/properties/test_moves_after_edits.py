"""An edit of a nearly full stack moves few replicas more than a solver proves to be needed."""

from __future__ import annotations

import pytest
from full_stacks import LEAST, NUMBER, edits, moves

from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

FEW = 20
"""Edits that are tried at each change, five or so of each kind."""


@pytest.mark.parametrize(
    "seeds",
    [list(LEAST)[:FEW], pytest.param(list(LEAST)[FEW:], marks=pytest.mark.soak)],
    ids=["few", "more"],
)
def test_edits_of_nearly_full_stacks_move_little_more_than_is_proven_necessary(seeds: list[int]) -> None:
    moved = needed = 0
    for seed, kind, _, first, problem in edits(seeds):
        after = plan(problem, first, explain=False)
        unplaced, least = LEAST[seed]
        assert len(after.unplaced) == unplaced, f"seed {seed} ({kind})"
        assert moves(first, after) >= least, f"seed {seed} ({kind}) moves fewer than is proven: solve LEAST anew"
        moved, needed = moved + moves(first, after), needed + least
        assert verify(problem, after) == ()
    assert len(LEAST) == NUMBER
    assert 10 * moved <= 11 * needed
