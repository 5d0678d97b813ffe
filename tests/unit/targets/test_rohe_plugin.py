"""Rohe's own plugin is found beside the interpreter, and its absence is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rohe_iac.targets.rohe_plugin import EXECUTABLE, ProviderMissing, rohe_plugin


def test_the_plugin_beside_the_interpreter_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProviderMissing, match=EXECUTABLE):
        rohe_plugin({})
    (tmp_path / EXECUTABLE).touch(mode=0o755)
    found = rohe_plugin({"folder": "/srv"})
    assert (found.name, found.folder, found.settings) == ("rohe", tmp_path, {"folder": "/srv"})
