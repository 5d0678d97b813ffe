"""What a reference to a user module leads to is told by reading the file, and nothing of it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.foundation.user_modules import check_reference, split_reference

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
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "functions.py").write_text(SOURCE)
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "deep.py").write_text("x = " + "(" * 5000 + ")" * 5000 + "\n")
    return tmp_path


@pytest.mark.parametrize("name", ["plain", "optional", "anything", "imported", "alias"])
def test_what_can_be_called_with_samples_is_fine(root: Path, name: str) -> None:
    assert check_reference(root, f"functions.py:{name}", positional=1) is None


@pytest.mark.parametrize(
    ("reference", "part", "word"),
    [
        ("functions.py:needy", "signature", "baseline"),
        ("functions.py:keyword", "signature", "depth"),
        ("functions.py:nothing", "signature", "takes 0"),
        ("functions.py:later", "signature", "async"),
        ("functions.py:Thing", "name", "class"),
        ("functions.py:absent", "name", "absent"),
        ("absent.py:plain", "file", "no file"),
        ("broken.py:f", "file", "not Python"),
        ("deep.py:x", "file", "not Python"),
    ],
)
def test_what_cannot_is_told(root: Path, reference: str, part: str, word: str) -> None:
    trouble = check_reference(root, reference, positional=1)
    assert trouble is not None
    assert trouble.part == part
    assert word in trouble.message


def test_options_that_are_given_count_as_given(root: Path) -> None:
    assert check_reference(root, "functions.py:needy", positional=1, options=frozenset({"baseline"})) is None
    trouble = check_reference(root, "functions.py:plain", positional=1, options=frozenset({"baseline"}))
    assert trouble is not None
    assert "baseline" in trouble.message


@pytest.mark.parametrize("reference", ["functions.plain", "../x.py:f", "/x.py:f", "x.py:", "x.py:a.b", "x.py:f:g", ""])
def test_a_reference_names_a_file_below_the_root_and_a_function(reference: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        split_reference(reference)
