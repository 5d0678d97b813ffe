"""References to user modules are checked by parsing the file; nothing of it runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rohe_iac.foundation.user_modules import MAX_BYTES, UserModules, split_reference

SOURCE = """\
import sys
sys.exit("this must never run")

def plain(samples): ...
def optional(samples, threshold=0.5, *, depth=3): ...
def needy(samples, baseline): ...
def keyword(samples, *, depth): ...
def anything(*samples, **options): ...
def nothing(): ...
async def later(samples): ...
class Thing: ...
from elsewhere import imported
alias = plain
try:
    import numpy
    def guarded(samples): ...
except ImportError:
    def guarded(samples, _): ...
if sys.platform == "linux":
    def chosen(samples): ...
@staticmethod
def decorated(): ...
short = lambda samples: {}
typed: object = lambda: {}
wide = lambda *samples: {}
one, two = plain, plain
limit = 3
odd = "\\d"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "functions.py").write_text(SOURCE)
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "deep.py").write_text("x = " + "(" * 5000 + ")" * 5000 + "\n")
    (tmp_path / "latin.py").write_bytes(b"def f(x): return '\xe4'\n")
    (tmp_path / "nul.py").write_bytes(b"def f(x): ...\n\0")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere.py"
    elsewhere.write_text("def f(x): ...\n")
    (tmp_path / "outside.py").symlink_to(elsewhere)
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "huge.py").write_text("#" * (MAX_BYTES + 1))
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["plain", "optional", "anything", "imported", "alias", "chosen", "guarded", "decorated", "short", "wide", "one"],
)
def test_what_can_be_called_with_samples_is_fine(root: Path, name: str) -> None:
    assert UserModules(root).check(f"functions.py:{name}", positional=1) is None


@pytest.mark.parametrize(
    ("reference", "part", "word"),
    [
        ("functions.py:needy", "signature", "baseline"),
        ("functions.py:keyword", "signature", "depth"),
        ("functions.py:nothing", "signature", "takes 0"),
        ("functions.py:later", "signature", "async"),
        ("functions.py:Thing", "name", "class"),
        ("functions.py:absent", "name", "absent"),
        ("functions.py:limit", "name", "is not a function"),
        ("functions.py:typed", "signature", "takes 0"),
        ("latin.py:f", "file", "not Python"),
        ("nul.py:f", "file", "not Python"),
        ("folder.py:f", "file", "not a regular file"),
        ("pipe.py:f", "file", "not a regular file"),
        ("outside.py:f", "file", "leaves the blueprint's folder"),
        ("loop.py:f", "file", "cannot read"),
        ("functions.py/x.py:f", "file", "no file"),
        ("huge.py:f", "file", "larger than 256 KiB"),
        ("absent.py:plain", "file", "no file"),
        ("broken.py:f", "file", "not Python"),
        ("deep.py:x", "file", "not Python"),
    ],
)
def test_what_cannot_is_told(root: Path, reference: str, part: str, word: str) -> None:
    fault = UserModules(root).check(reference, positional=1)
    assert fault is not None
    assert fault.part == part
    assert word in fault.message


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("function.py:plain", "did you mean functions.py?"),
        ("functions.py:plane", "did you mean functions.py:plain?"),
        ("functions.py:zzz", "it has: plain, optional"),
    ],
)
def test_near_names_of_files_and_functions_are_hinted_at(root: Path, reference: str, hint: str) -> None:
    fault = UserModules(root).check(reference, positional=1)
    assert fault is not None
    assert fault.hint.startswith(hint)


def test_an_odd_escape_in_a_text_makes_no_noise(root: Path, recwarn: pytest.WarningsRecorder) -> None:
    UserModules(root).check("functions.py:plain", positional=1)
    assert not recwarn.list


def test_options_that_are_given_count_as_given(root: Path) -> None:
    assert UserModules(root).check("functions.py:needy", positional=1, options=frozenset({"baseline"})) is None
    fault = UserModules(root).check("functions.py:plain", positional=1, options=frozenset({"baseline"}))
    assert fault is not None
    assert "baseline" in fault.message


@pytest.mark.parametrize("reference", ["functions.plain", "../x.py:f", "/x.py:f", "x.py:", "x.py:a.b", "x.py:f:g", ""])
def test_a_reference_names_a_file_below_the_root_and_a_function(reference: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        split_reference(reference)


def test_imports_that_fail_here_are_named_with_their_line_and_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "imports.py").write_text(
        "import json, numpy_of_nowhere.linalg as la\n"
        "from rohe_iac.plugins import Candidate, Nope\n"
        "from rohe_iac.planning.extension import Candidate as Old\n"
        "from . import helpers\n"
        "from rohe_iac import plugins\n"
        "try:\n    import guarded_of_nowhere\nexcept ImportError:\n    pass\n"
        "def f(candidate):\n    import late_of_nowhere\n"
    )
    modules = UserModules(tmp_path)
    assert [
        (fault.line, fault.message.removeprefix("imports.py ")) for fault in modules.import_faults("imports.py:f")
    ] == [
        (1, "imports numpy_of_nowhere, which is not installed here"),
        (2, "imports Nope of rohe_iac.plugins, which rohe does not have"),
        (3, "imports Candidate of rohe_iac.planning.extension, which rohe does not have"),
        (4, "has a relative import, and a user module belongs to no package"),
    ]
    assert modules.check("imports.py:f", positional=1) is None
    assert modules.import_faults("nowhere.py:f") == ()


def test_only_functions_that_take_options_are_told_to_be_given_some(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(x, y): ...\nclass C:\n    def __call__(self, x, y): ...\n")
    modules = UserModules(tmp_path)
    hints = {}
    for name, callables in (("f", True), ("f", False), ("C", False)):
        fault = modules.check(f"a.py:{name}", positional=1, callables=callables)
        assert fault is not None
        hints[name, callables] = fault.hint
    assert "under options" in hints.pop(("f", True))
    assert set(hints.values()) == {"give them a default: nothing else is passed to it"}
