"""The engine of a command that has lost its lock: asked to stop, then ended; one that begins later stops at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError

from rohe_iac.deployment.engine.command import EngineCommand
from rohe_iac.deployment.engine.find import Engine
from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.deployment.programs.search import ProgramOrigin
from rohe_iac.deployment.run import deployer
from rohe_iac.deployment.run.deployer import stopped_on_loss

STOPS = "trap 'echo stopped; exit 0' INT; echo ready; while :; do sleep 0.05; done"
STAYS = "trap '' INT; echo ready; while :; do sleep 0.05; done"


def _command(folder: Path, script: str) -> EngineCommand:
    """Returns the command of an engine that is a shell script."""
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return EngineCommand(Engine(path, "3.260.0", ProgramOrigin.PATH))


def test_the_engine_is_asked_to_stop(tmp_path: Path) -> None:
    command, lock = _command(tmp_path, STOPS), HeldLock()
    with stopped_on_loss(lock, command):
        result = command.run([], str(tmp_path), {}, lambda line: lock.lose("taken over") if line == "ready" else None)
    assert result.stdout.splitlines() == ["ready", "stopped"]


def test_an_engine_that_does_not_stop_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployer, "GRACE", 0.05)
    command, lock = _command(tmp_path, STAYS), HeldLock()
    with stopped_on_loss(lock, command), pytest.raises(CommandError):
        command.run([], str(tmp_path), {}, lambda line: lock.lose("taken over") if line == "ready" else None)


def test_an_engine_that_starts_after_the_loss_is_stopped_at_once(tmp_path: Path) -> None:
    command = _command(tmp_path, "sleep 600")
    command.stop()
    with pytest.raises(CommandError):
        command.run([], str(tmp_path), {})
