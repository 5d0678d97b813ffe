"""What comes of recorded reports stays the same, byte for byte: results, verdicts, evidence, actions and counts."""

from __future__ import annotations

import json

import pytest
from recorded_runs import DIGESTS, RUNS, digests_of, outcomes_of

RECORDED = json.loads(DIGESTS.read_text())


@pytest.mark.parametrize("name", RUNS)
def test_a_run_gives_what_was_recorded(name: str) -> None:
    whole = digests_of(outcomes_of(name))
    different = [
        index for index, pair in enumerate(zip(whole[2:], RECORDED[name][2:], strict=False)) if len(set(pair)) > 1
    ]
    assert whole == RECORDED[name], f"different hundreds of lines: {different}; recorded_runs.py says how to see them"


@pytest.mark.parametrize("name", RUNS)
def test_a_run_with_a_restart_and_other_batches_gives_the_same(name: str) -> None:
    batch, restart = (7, 61) if name != "voting" else (1, 1111)
    assert digests_of(outcomes_of(name, batch, restart)) == RECORDED[name]


def test_the_runs_hold_every_kind_of_outcome() -> None:
    lines = outcomes_of("voting")
    found = {json.loads(line).get("type") for line in lines}
    assert {"result", "violation", "action"} <= found
    assert any(b'"together":{' in line for line in lines)
