"""Terminals and pipes that are not UTF-8: every command ends as it does elsewhere, and says the same."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROHE = str(Path(sys.executable).parent / "rohe")
ENCODINGS = {
    "posix": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
}
LABEL = "Grün █ 你 🙂"


def environment(tmp_path: Path, encoding: str) -> dict[str, str]:
    """The variables of a user whose terminal has the encoding."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONIO"))}
    return rest | {"XDG_STATE_HOME": str(tmp_path / "state"), "TERM": "xterm"} | ENCODINGS[encoding]


def on_terminal(*arguments: str, cwd: Path, variables: dict[str, str]) -> tuple[int, bytes]:
    """Runs rohe on a terminal of 80 columns; returns its exit code and all bytes that it wrote there."""
    outer, inner = pty.openpty()
    with subprocess.Popen(
        [ROHE, *arguments], cwd=cwd, env={**variables, "COLUMNS": "80"}, stdin=inner, stdout=inner, stderr=inner
    ) as process:
        os.close(inner)
        written = bytearray()
        while True:
            try:
                written += os.read(outer, 65536)
            except OSError:  # the last writer has closed the terminal
                break
        os.close(outer)
    return process.returncode, bytes(written)


@pytest.fixture
def umlauts(repository: Path) -> Path:
    """The digits example in a folder with an umlaut, with values outside of Latin-1."""
    folder = repository.with_name("bögen 你")
    shutil.move(repository, folder)
    stack = folder / "blueprints" / "stack.yaml"
    text = stack.read_text(encoding="utf-8")
    changed = text.replace("metadata: {name: digits}", f'metadata: {{name: digits, labels: {{farbe: "{LABEL}"}}}}', 1)
    assert changed != text
    stack.write_text(changed, encoding="utf-8")
    return folder


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_plan_is_drawn_with_what_the_terminal_has(umlauts: Path, tmp_path: Path, encoding: str) -> None:
    variables = environment(tmp_path, encoding)
    code, written = on_terminal("plan", cwd=umlauts, variables=variables)
    assert code == 0, written.decode("latin-1")
    assert b"fault of rohe" not in written
    bars = [line for line in written.splitlines() if line.lstrip().startswith((b"cpu", b"mem")) and b" of " in line]
    assert bars
    assert all(b"#" in line or b"." in line for line in bars)
    if encoding == "posix":
        assert written.isascii()


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("plan", "-o", "markdown"), ("plan", "-o", "json"), ("show", "plän 你"), ("validate",)],
    ids=" ".join,
)
def test_no_command_ends_for_a_character(umlauts: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    if arguments == ("validate",):
        pipeline = umlauts / "blueprints" / "pipeline.yaml"
        pipeline.write_text(pipeline.read_text(encoding="utf-8") + f"{LABEL}: █\n", encoding="utf-8")
    variables = environment(tmp_path, "posix")
    done = subprocess.run([ROHE, *arguments], cwd=umlauts, env=variables, capture_output=True, check=False, timeout=60)
    assert done.returncode == {"show": 64, "validate": 3}.get(arguments[0], 0), done.stderr.decode()
    assert b"fault of rohe" not in done.stderr
    if arguments[-1] == "json":
        json.loads(done.stdout)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_documents_and_json_keep_every_character(umlauts: Path, tmp_path: Path, encoding: str) -> None:
    variables = environment(tmp_path, encoding)
    document = (umlauts / "blueprints" / "stack.yaml").read_bytes()
    formatted = subprocess.run([ROHE, "fmt", "-"], input=document, env=variables, capture_output=True, check=True)
    assert yaml.safe_load(formatted.stdout)["metadata"]["labels"]["farbe"] == LABEL
    arguments = [ROHE, "validate", "-o", "json"]
    (umlauts / "blueprints" / "stack.yaml").write_bytes(document.replace(b"digits,", LABEL.encode() + b",", 1))
    checked = subprocess.run(arguments, cwd=umlauts, env=variables, capture_output=True, check=False)
    assert LABEL in json.dumps(json.loads(checked.stdout), ensure_ascii=False)
