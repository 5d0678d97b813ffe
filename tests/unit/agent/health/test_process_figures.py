"""Process figures: what the kernel says of this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.agent.health import process_figures as module


def test_what_is_written_and_used_is_counted(tmp_path: Path) -> None:
    before = module.process_figures()
    (tmp_path / "x").write_bytes(b"x" * 100_000)
    after = module.process_figures()
    assert after.passed_to_write - before.passed_to_write >= 100_000
    assert after.processor >= before.processor > 0
    assert after.resident > 2**20


def test_a_system_that_does_not_say_counts_as_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "OWN_IO", tmp_path / "none")
    assert module.process_figures()[2:] == (0, 0)
