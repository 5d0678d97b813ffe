"""A stack is named by its name, its folder or its file, the same way in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.main import run

COMMANDS = (("plan",), ("status",), ("render", "--out", "-"), ("images",), ("validate",), ("destroy", "--yes"))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("stack", [".", "digits", "blueprints"])
def test_a_command_takes_a_folder_as_the_name_of_its_stack(rohe: Any, words: tuple[str, ...], stack: str) -> None:
    done = rohe(*words, stack)
    assert done.returncode == 0, done.stderr


def test_a_file_means_the_stack_in_it(rohe: Any, repository: Path) -> None:
    file = next(path for path in (repository / "blueprints").glob("*.yaml") if "kind: Stack" in path.read_text())
    other = file.with_name("other-stack.yaml")
    other.write_text(file.read_text().split("\n---\n")[0].replace("name: digits", "name: other", 1) + "\n")
    refused = rohe("plan", ".")
    assert (refused.returncode, "several stacks" in refused.stderr) == (64, True)
    done = rohe("plan", str(other.relative_to(repository)))
    assert (done.returncode, "stack/other" in done.stdout) == (0, True), done.stderr
    assert rohe("status", "--check", str(other)).returncode == 7, "it was never applied"


@pytest.mark.parametrize("stack", [".", "digits", "blueprints", "blueprints/stack.yaml"])
@pytest.mark.parametrize("words", [("logs",), ("explain", "camera"), ("why-not", "camera", "pi-1"), ("export",)])
def test_logs_and_questions_take_a_folder_or_file_too(
    repository: Path,
    words: tuple[str, ...],
    stack: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    more = ("--out", str(tmp_path / "original")) if words == ("export",) else ()
    expected = 10 if words == ("logs",) else 0
    assert run(["-C", str(repository), *words, stack, *more]) == expected
    if expected:
        assert "stack 'digits' is not applied" in capfd.readouterr().err


def test_a_word_that_names_nothing_is_refused_in_every_command(rohe: Any) -> None:
    for words in COMMANDS:
        done = rohe(*words, "digit")
        assert (done.returncode, "digits" in done.stderr) == (64, True), words
