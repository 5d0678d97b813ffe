"""Fixtures: the supervisor daemon of a stack, which is a real one, and programs for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor.program import Program
from rohe_iac.targets.local.supervisor.supervision import Supervision


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(StackFolder(tmp_path / "stack"), tmp_path).ensure()


@pytest.fixture
def supervision(layout: Layout) -> Iterator[Supervision]:
    """Yields the running daemon of a stack, and ends the daemon afterwards."""
    supervision = Supervision(layout)
    assert supervision.ensure()
    yield supervision
    supervision.end()


@pytest.fixture
def make_program(layout: Layout) -> Callable[..., Program]:
    """Returns a function that makes a program of a name and a shell script."""

    def make(name: str, script: str, **fields: object) -> Program:
        environment = {"PATH": os.defpath, "ROHE_PROGRAM": str(layout.program(name))}
        return Program(name, f"replica/desk:{name}/0", ("/bin/sh", "-c", script), "/", environment, **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def until() -> Callable[..., bool]:
    """Returns a function that waits for a condition and returns whether it came to hold."""

    def wait(condition: Callable[[], object], patience: float = 60.0) -> bool:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.02)
        return False

    return wait
