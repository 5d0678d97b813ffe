"""`rohe plan`: decisions, plan files and what is read of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.usecases.plans import plan
from rohe_iac.usecases.plans.plan import UnreadableFile, decide, make_plan, read_file, read_plan, write_page, write_plan

DIGITS = Path(__file__).parents[4] / "examples" / "digits"


def test_a_plan_file_is_read_as_it_was_written_and_the_steps_are_reported(tmp_path: Path) -> None:
    steps: list[str] = []
    planned = make_plan(DIGITS, report=steps.append)
    write_plan(tmp_path / "digits.plan", planned.planfile)
    assert read_plan(tmp_path / "digits.plan").digest == planned.planfile.digest
    assert steps == ["reading the blueprint", "placing 9 replicas on 3 nodes", "rendering the manifests"]
    assert planned.record is None


def test_no_more_replicas_move_than_allowed() -> None:
    assert decide(DIGITS, max_moves=3).problem.settings.max_moves == 3
    assert decide(DIGITS).problem.settings.max_moves is None


def test_a_file_that_cannot_be_written_or_would_fill_the_memory_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnreadableFile, match="cannot write"):
        write_page(tmp_path / "nowhere" / "plan.html", "<p>")
    with pytest.raises(UnreadableFile, match="cannot read"):
        read_file(tmp_path / "nowhere.plan")
    (tmp_path / "large.plan").write_bytes(b"[[[[")
    monkeypatch.setattr(plan, "MAX_MEMORY", 100)
    with pytest.raises(UnreadableFile, match="more values"):
        read_file(tmp_path / "large.plan")
