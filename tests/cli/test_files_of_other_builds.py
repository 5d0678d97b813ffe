"""Plans and records of older and newer builds on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

OLDER = Path(__file__).parents[1] / "golden" / "older"
SENTENCE = "was made by a newer rohe (schema 4; this one reads up to 3)"


def newer(content: bytes) -> bytes:
    """The plan as a newer build would write it: with a field that nobody knows."""
    return json.dumps({**json.loads(content), "schema": "rohe.dev/plan/v4", "unheard_of": []}).encode()


@pytest.mark.parametrize("command", [("show",), ("verify",), ("apply", "--yes")], ids=" ".join)
def test_a_plan_of_a_newer_build_is_refused_with_what_to_do(rohe: Any, repository: Path, command: Any) -> None:
    (repository / "x.plan").write_bytes(newer((OLDER / "plan-54d6b50.json").read_bytes()))
    done = rohe(command[0], "x.plan", *command[1:])
    assert done.returncode == 6
    assert SENTENCE in done.stderr
    assert "upgrade rohe" in done.stderr


def test_a_plan_of_an_older_build_is_verified(rohe: Any) -> None:
    done = rohe("verify", str(OLDER / "plan-54d6b50.json"))
    assert done.returncode == 0, done.stderr


def test_a_record_of_an_older_build_is_read_and_one_of_a_newer_build_refused(rohe: Any, tmp_path: Path) -> None:
    record = tmp_path / "state" / "rohe" / "digits-example" / "digits" / "record.json"
    record.parent.mkdir(parents=True)
    content = json.loads((OLDER / "record-0d1ebb8.json").read_bytes())
    record.write_text(json.dumps(content))
    planned = rohe("plan")
    assert planned.returncode == 0, planned.stderr
    record.write_bytes(
        json.dumps({**content, "plan": json.loads(newer(json.dumps(content["plan"]).encode()))}).encode()
    )
    for command in ("plan", "status"):
        done = rohe(command)
        assert done.returncode == 6
        assert SENTENCE in done.stderr
