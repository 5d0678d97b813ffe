"""Hostile files are imported, or refused in words, before their time is over: no search goes over a text twice."""

from __future__ import annotations

import json
from pathlib import Path

from hostile_case import MAX_MEMORY, Outcome, run_command

LENGTH = 250_000
"""The length of each of the long texts; together they have some megabytes."""

PARTS = ("y", "a:", "a://", "a+", "a.", "a:b@", "a:@tcp(", "$(", "${", "${A:-", " a", "-----BEGIN A", "sk-", "eyJ", "'")
LINES = ("-----BEGIN x\n", "A=-----BEGIN x\n", "\n")


def _import(folder: Path, service: dict[str, object]) -> Outcome:
    (folder / "rohe.yaml").write_text("project: hostile\n")
    (folder / "compose.yaml").write_text(json.dumps({"services": {"a": {"image": "a:1", **service}}}))
    outcome = run_command(folder, "import", "compose.yaml", "--out", "imported.yaml")
    assert "Traceback" not in outcome.output
    assert outcome.memory < MAX_MEMORY
    return outcome


def _texts() -> list[str]:
    return [part * (LENGTH // len(part)) for part in PARTS]


def test_long_values_are_imported_as_they_are(tmp_path: Path) -> None:
    values = {f"X{number}": text.replace("$", "$$") for number, text in enumerate(_texts())}
    outcome = _import(tmp_path, {"environment": values})
    assert outcome.code == 0, outcome.output[:2000]
    assert "y" * LENGTH in (tmp_path / "imported.yaml").read_text()


def test_long_words_of_a_command_line_are_looked_at_for_secrets(tmp_path: Path) -> None:
    outcome = _import(tmp_path, {"command": ["run", *(text.replace("$", "$$") for text in _texts())]})
    assert outcome.code == 0, outcome.output[:2000]


def test_long_env_files_are_read_line_by_line(tmp_path: Path) -> None:
    for number, line in enumerate(LINES):
        (tmp_path / f"{number}.env").write_text(line * (LENGTH // len(line)))
    outcome = _import(tmp_path, {"env_file": [f"{number}.env" for number in range(len(LINES))]})
    assert outcome.code == 0, outcome.output[:2000]


def test_two_thousand_services_in_a_ring_are_imported(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(2000)]
    services = {
        name: {"image": "a:1", "ports": ["80"], "depends_on": [names[number - 1]]} for number, name in enumerate(names)
    }
    (tmp_path / "rohe.yaml").write_text("project: hostile\n")
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": services}))
    outcome = run_command(tmp_path, "import", "compose.yaml", "--out", "imported.yaml")
    assert outcome.code == 0, outcome.output[:2000]
    assert outcome.memory < MAX_MEMORY


def test_a_long_command_line_in_one_text_is_refused(tmp_path: Path) -> None:
    outcome = _import(tmp_path, {"command": "run 'a" + " b" * LENGTH + "'"})
    assert outcome.code == 3
    assert "write it as a list of words" in outcome.output
