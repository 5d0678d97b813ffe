"""A hostile plan file is refused in words, in bounded memory and without a traceback, before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile_case import MOST_MEMORY, ran
from hostile_plans import PLANS


@pytest.mark.parametrize("name", PLANS)
def test_a_hostile_plan_file_is_refused(name: str, tmp_path: Path) -> None:
    write, code = PLANS[name]
    path = tmp_path / "plan.json"
    write(path)
    for command in (("show",), ("verify",), ("apply", "--yes")):
        outcome = ran(tmp_path, command[0], str(path), *command[1:], timeout=60)
        assert "Traceback" not in outcome.told
        assert "error: " in outcome.told
        assert outcome.code == code, outcome.told[:2000]
        assert len(outcome.told) < 2_000
        assert outcome.memory < MOST_MEMORY
