"""The lock of a store: who has it is said, and who waits."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from rohe_iac.foundation.errors import ExitCode
from rohe_iac.sinks import store_lock
from rohe_iac.sinks.store_lock import StoreInUse, said_of_rival, take_store


def test_a_second_one_says_whose_the_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lock, "PATIENCE", 0.0)
    first = take_store(tmp_path, threading.Event())
    assert first is not None
    assert said_of_rival(tmp_path) == ""
    with pytest.raises(StoreInUse, match=f"belongs to process {os.getpid()} of .* since ") as raised:
        take_store(tmp_path, threading.Event())
    assert raised.value.exit_code == ExitCode.UNREACHABLE
    assert "is a second process of this agent" in said_of_rival(tmp_path)
    first.give_back()
    assert take_store(tmp_path, threading.Event()) is not None
    assert said_of_rival(tmp_path) == ""


def test_who_has_to_end_waits_no_longer(tmp_path: Path) -> None:
    ending = threading.Event()
    assert take_store(tmp_path, ending) is not None
    ending.set()
    assert take_store(tmp_path, ending) is None
