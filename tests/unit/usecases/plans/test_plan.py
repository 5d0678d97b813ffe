"""`rohe plan`: decisions, plan files and what is read of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.foundation.json_files.compression import MAGIC, compress
from rohe_iac.planning.model.json_codec import UnreadablePlan
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


def test_a_plan_file_whose_name_ends_in_gz_is_compressed_and_known_by_its_first_bytes(tmp_path: Path) -> None:
    planned = make_plan(DIGITS)
    write_plan(tmp_path / "digits.plan", planned.planfile)
    write_plan(tmp_path / "digits.plan.gz", planned.planfile)
    packed = (tmp_path / "digits.plan.gz").read_bytes()
    assert packed.startswith(MAGIC)
    assert len(packed) * 4 < (tmp_path / "digits.plan").stat().st_size
    assert (tmp_path / "digits.plan.gz").stat().st_mode & 0o777 == 0o600
    (tmp_path / "renamed").write_bytes(packed)
    assert read_plan(tmp_path / "renamed") == read_plan(tmp_path / "digits.plan")
    assert read_plan(tmp_path / "renamed").digest == planned.planfile.digest


def test_a_compressed_file_that_is_cut_off_or_unpacks_to_too_much_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.gz"
    path.write_bytes(compress(b"{}")[:-3])
    with pytest.raises(UnreadablePlan, match="damaged") as error:
        read_file(path)
    assert "cut off" in error.value.detail
    monkeypatch.setattr(plan, "MAX_BYTES", 2**20)
    path.write_bytes(compress(b" " * (2**20 + 1)))
    with pytest.raises(UnreadableFile, match="more than 1 MiB"):
        read_file(path)
    monkeypatch.setattr(plan, "MAX_MEMORY", 100)
    path.write_bytes(compress(b"[[[["))
    with pytest.raises(UnreadableFile, match="more values"):
        read_file(path)
