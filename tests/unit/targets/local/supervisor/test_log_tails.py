"""Claims about programs' logs: their last lines, the lines written later, and rotations."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import logs


def _layout(folder: Path) -> Layout:
    return Layout(StackFolder(folder), folder).ensure()


def test_the_last_lines_of_each_program_are_read_however_long_the_log_is(tmp_path: Path) -> None:
    layout = _layout(tmp_path)
    layout.log("a-0").write_text("".join(f"line {number}\n" for number in range(50_000)))
    layout.log("b-0").write_text("only\n")
    found = list(logs.read(layout, ["a-0", "b-0", "gone-0"], lines=2, follow=False))
    assert found == [("a-0", "line 49998"), ("a-0", "line 49999"), ("b-0", "only")]
    assert list(logs.read(layout, ["a-0"], lines=0, follow=False)) == []


def test_following_gives_whole_lines_as_they_come_and_goes_on_after_a_rotation(tmp_path: Path) -> None:
    layout = _layout(tmp_path)
    path = layout.log("a-0")
    path.write_text("first\n")
    stream = logs.read(layout, ["a-0"], lines=10, follow=True)
    assert next(stream) == ("a-0", "first")
    with path.open("a") as log:
        log.write("second\nthi")
    assert next(stream) == ("a-0", "second")
    with path.open("a") as log:
        log.write("rd\n")
    assert next(stream) == ("a-0", "third")
    path.rename(layout.folder.logs / "a-0.log.1")
    path.write_text("after\nthe turn\n")
    assert list(islice(stream, 2)) == [("a-0", "after"), ("a-0", "the turn")]
