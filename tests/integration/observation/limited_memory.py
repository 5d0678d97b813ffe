"""A control group with little memory, for agents that have to keep to it."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rohe_iac.agent.memory import CGROUPS

LIMIT = 88 * 2**20
"""Bytes that the agent may use; its process alone takes some 45 MB."""


@contextlib.contextmanager
def group_with(limit: int) -> Iterator[Path]:
    """Yields a control group with a limit of memory in bytes, and removes it once it has no process any more."""
    try:
        group = Path(tempfile.mkdtemp(prefix="rohe-test-", dir=CGROUPS / "memory"))
        (group / "memory.limit_in_bytes").write_text(str(limit))
    except OSError:
        pytest.skip("no control group of version 1 can be made here, so that no memory can be limited")
    yield group
    end = time.monotonic() + 5
    while group.exists() and time.monotonic() < end:
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.05)


@pytest.fixture
def limited_group() -> Iterator[Path]:
    """Yields a control group with a limit of memory."""
    with group_with(LIMIT) as group:
        yield group
