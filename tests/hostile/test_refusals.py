"""Hostile input is refused in words, in bounded memory and without a traceback; bench_validate prints how fast."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile_case import MAX_MEMORY, Case, run_validate
from hostile_faults import FAULTS
from hostile_files import FILES
from hostile_modules import MODULES
from hostile_texts import TEXTS

CASES = [*TEXTS, *FILES, *FAULTS, *MODULES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_input_is_refused_in_words_and_within_bounds(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    case.prepare(folder)
    outcome = run_validate(folder)
    assert "Traceback" not in outcome.output
    assert outcome.code == case.code, outcome.output[:2000]
    assert [words for words in case.says if words not in outcome.output] == []
    assert outcome.memory < MAX_MEMORY


def test_no_two_cases_are_of_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
