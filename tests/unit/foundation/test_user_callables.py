"""A user's callable is what its file defines, and whatever the file raises is a fault of the module."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rohe_iac.foundation.user_callables import (
    UnloadableModule,
    installed_callables,
    load_from_path,
    load_installed,
)


def test_a_function_is_loaded_with_its_line_and_digest(tmp_path: Path) -> None:
    content = b"\ndef double(value):\n    return 2 * value\n"
    (tmp_path / "math.py").write_bytes(content)
    loaded = load_from_path("math.py:double", tmp_path)
    assert loaded.call(3) == 6
    assert (loaded.place, loaded.sha256) == ("math.py:2", hashlib.sha256(content).hexdigest())


def test_of_a_class_an_instance_is_made(tmp_path: Path) -> None:
    (tmp_path / "scorer.py").write_text("class Scorer:\n    def __call__(self, value):\n        return -value\n")
    assert load_from_path("scorer.py:Scorer", tmp_path).call(3) == -3


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("raise KeyError('x')", "f", "cannot be loaded"),
        ("import sys; sys.exit()", "f", "cannot be loaded"),
        ("f = 3", "f", "nothing that can be called"),
        ("class C:\n    def __init__(self, x): ...", "C", "cannot be made without arguments"),
    ],
)
def test_a_module_that_cannot_be_used_is_refused(tmp_path: Path, content: str, name: str, words: str) -> None:
    (tmp_path / "module.py").write_text(content)
    with pytest.raises(UnloadableModule, match=words):
        load_from_path(f"module.py:{name}", tmp_path)
    with pytest.raises(UnloadableModule, match="cannot read"):
        load_from_path("absent.py:f", tmp_path)


def test_installed_callables_are_listed_without_being_imported() -> None:
    entries = installed_callables("pytest11")
    assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
    assert installed_callables("rohe.none-of-this-group") == ()


def test_an_installed_callable_that_cannot_be_imported_is_refused() -> None:
    modules = [entry for entry in installed_callables("pytest11") if ":" not in entry.value]
    with pytest.raises(UnloadableModule, match="nothing that can be called"):
        load_installed(modules[0])
