"""`rohe explain latest` where no contract has been broken: a sentence, and exit code 0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.main import run
from rohe_iac.deployment.files.record import Record, write_record
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.transports.questions import Inquirer, RefusedQuestion
from rohe_iac.usecases.plans.plan import make_plan

DIGITS = Path(__file__).parents[4] / "examples" / "digits"


@pytest.fixture
def applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digits example is applied, and its agent, which a stand-in of the connection plays, knows no violation."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    planfile = make_plan(DIGITS).planfile
    folder = StackFolder.of(planfile.project, planfile.stack).ensure()
    write_record(folder, Record(1, planfile, complete=True))
    folder.credentials.mkdir(parents=True, exist_ok=True)
    login = {"url": "mqtt://127.0.0.1:1", "client": "operator", "user": "operator", "password": "word"}
    (folder.credentials / "operator.json").write_text(json.dumps(login))

    def refuse(self: Inquirer, agent: str, question: str, **parameters: Any) -> list[Any]:
        raise RefusedQuestion("no such violation")

    monkeypatch.setattr(Inquirer, "__enter__", lambda self: self)
    monkeypatch.setattr(Inquirer, "__exit__", lambda self, *rest: None)
    monkeypatch.setattr(Inquirer, "ask", refuse)


@pytest.mark.usefixtures("applied")
def test_no_violation_yet_is_an_answer_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(DIGITS), "explain", "latest"]) == 0
    assert capsys.readouterr().out == "No contract has been broken so far.\n"
    assert run(["-C", str(DIGITS), "explain", "latest", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] is None


@pytest.mark.usefixtures("applied")
def test_a_violation_that_is_named_and_not_known_is_a_usage_error() -> None:
    assert run(["-C", str(DIGITS), "explain", "v-0123456789"]) == 64
