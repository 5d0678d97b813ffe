"""Of very many faults a thousand are shown, and every form of output says how many are not."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.blueprint.documents.tree import MAX_DIAGNOSTICS
from rohe_iac.blueprint.loading import check

Run = Callable[..., "subprocess.CompletedProcess[str]"]
FILES, FAULTY = 12, 150


@pytest.fixture
def faulty(repository: Path) -> Path:
    """Twelve files with 150 faults each: 1,800, of which no single document has too many."""
    for number in range(FILES):
        services = "".join(f"    - {{name: s{n}, comand: [a]}}\n" for n in range(FAULTY))
        (repository / "blueprints" / f"many{number}.yaml").write_text(
            f"apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {{name: p{number}}}\nspec:\n  services:\n{services}"
        )
    return repository


def test_a_thousand_are_told_and_the_others_counted(faulty: Path) -> None:
    diagnostics = check([faulty]).diagnostics
    more = [item for item in diagnostics if item.more]
    assert len(diagnostics) == MAX_DIAGNOSTICS + 1
    assert [item.code for item in more] == ["R133"]
    assert more[0].more + MAX_DIAGNOSTICS == FILES * FAULTY
    assert more[0].message == "800 more faults are not shown, of 1,800 found"


def test_people_read_it_in_the_last_line(rohe: Run, faulty: Path) -> None:
    result = rohe("validate")
    assert result.returncode == 3
    assert "not valid: 1,000 errors, 800 more not shown in" in result.stdout.splitlines()[-1]


def test_programs_read_a_number(rohe: Run, faulty: Path) -> None:
    value = json.loads(rohe("validate", "-o", "json").stdout)
    assert (value["notShown"], len(value["diagnostics"])) == (800, MAX_DIAGNOSTICS + 1)


def test_scanners_get_a_notification(rohe: Run, faulty: Path) -> None:
    run = json.loads(rohe("validate", "-o", "sarif").stdout)["runs"][0]
    notified = run["invocations"][0]["toolExecutionNotifications"]
    assert [item["descriptor"]["id"] for item in notified] == ["R133"]
    assert notified[0]["message"]["text"] == "800 more faults were found and are not among the results"


def test_github_gets_a_line_of_its_own(rohe: Run, faulty: Path) -> None:
    lines = rohe("validate", "-o", "github").stdout.splitlines()
    assert lines[-1] == "::notice title=R133::800 more faults were found and are not shown"
    assert sum(bool(re.match("::error file=", line)) for line in lines) == MAX_DIAGNOSTICS + 1


def test_where_all_are_told_nothing_is_said_of_others(rohe: Run, repository: Path) -> None:
    (repository / "blueprints" / "more.yaml").write_text("apiVersion: rohe.dev/v1\nkind: Pipelin\n")
    assert json.loads(rohe("validate", "-o", "json").stdout)["notShown"] == 0
    run = json.loads(rohe("validate", "-o", "sarif").stdout)["runs"][0]
    assert run["invocations"][0]["toolExecutionNotifications"] == []
    assert "R133" not in rohe("validate", "-o", "github").stdout
    assert "not shown" not in rohe("validate").stdout


def test_errors_are_told_before_warnings_and_the_worst_of_what_is_left_out_is_said(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    for number in range(8):
        services = "".join(f"    - {{name: s{n}}}\n" for n in range(190))
        (tmp_path / f"a{number}.yaml").write_text(
            f"apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {{name: p{number}}}\nspec:\n  services:\n{services}"
        )
    (tmp_path / "z.yaml").write_text(
        "apiVersion: rohe.dev/v1\nkind: Inventory\nmetadata: {name: i}\nspec: {nods: []}\n"
    )
    diagnostics = check([tmp_path]).diagnostics
    assert [item.place.file for item in diagnostics if item.code == "R106"] == ["z.yaml"]
    assert [item.severity.value for item in diagnostics if item.code == "R133"] == ["warning"]
