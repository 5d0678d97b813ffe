"""A hostile plan file is refused in words, in bounded memory and without a traceback, before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile_case import MAX_MEMORY, run_command
from hostile_plans import PLANS


@pytest.mark.parametrize("name", PLANS)
def test_a_hostile_plan_file_is_refused(name: str, tmp_path: Path) -> None:
    write, code = PLANS[name]
    path = tmp_path / "plan.json"
    write(path)
    for command in (("show",), ("verify",), ("apply", "--yes")):
        outcome = run_command(tmp_path, command[0], str(path), *command[1:], timeout=60)
        assert "Traceback" not in outcome.output
        assert "error: " in outcome.output
        assert outcome.code == code, outcome.output[:2000]
        assert len(outcome.output) < 2_000
        assert outcome.memory < MAX_MEMORY
