"""`rohe observe`, `violations` and `explain`: their errors where nothing runs, and how answers look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.main import run
from rohe_iac.deployment.files.record import Record, write_record
from rohe_iac.usecases.observing import observe, violations
from rohe_iac.usecases.observing.observe import AgentAnswer
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.stacks import known_stack

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "digits")

EVIDENCE = {
    "start": 100.0, "end": 110.0, "value": 0.805, "count": 200, "promise": "accuracy >= 0.9", "window": "200 reports",
    "contributions": [
        {"kind": "member", "name": "classify/bayes", "count": 200, "own": 0.7, "without": 0.97, "kept": True,
         "was": 0.9},
        {"kind": "instance", "name": "camera-0", "count": 200, "own": 0.8, "without": None, "kept": None, "was": None},
    ],
    "baseline": {"start": 90.0, "end": 100.0, "value": 0.94, "own": {}},
}  # fmt: skip
VIOLATION = {
    "id": "v-0123456789", "contract": "quality", "objective": "right", "opened": 110.0, "ended": 0.0,
    "evidence": EVIDENCE,
    "actions": [
        {"kind": "degrade", "service": "classify", "dropped": "bayes", "dry": False, "ended": 0.0, "begun": 110.0}
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [["observe"], ["observe", "--follow"], ["violations"], ["explain", "v-01"], ["violations", "--restore", "v-1"]],
)
def test_a_stack_that_is_not_applied_is_out_of_reach(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run(["-C", EXAMPLE, *words]) == 10
    printed = capsys.readouterr()
    assert "stack 'digits' is not applied" in printed.err
    assert "rohe apply digits" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [(["agent", "run"], "no configuration is named"), (["agent", "run", "/nowhere"], "no folder for the store")],
)
def test_an_agent_that_is_told_nothing_says_what_it_needs(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ROHE_AGENT_CONFIG", "ROHE_STORE"):
        monkeypatch.delenv(name, raising=False)
    assert run(words) == 64
    assert said in capsys.readouterr().err


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_agents(_stack: Any, _open_target: Any, question: str, **_: Any) -> list[AgentAnswer]:
        return [AgentAnswer("agent-0", [VIOLATION] if question == "violations" else [])]

    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(observe, "ask_agents", ask_agents)
    monkeypatch.setattr(violations, "ask_agents", ask_agents)


@pytest.mark.usefixtures("answering")
def test_violations_name_who_is_blamed_and_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", EXAMPLE, "violations"]) == 0
    shown = capsys.readouterr().out
    for word in ("v-0123456789", "classify/bayes", "without: 0.97", "open"):
        assert word in shown


@pytest.mark.usefixtures("answering")
def test_violations_as_json_are_what_the_agent_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", EXAMPLE, "violations", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"schema": "rohe.dev/violation/v1", "agent": "agent-0", **VIOLATION}]


def test_an_address_is_explained_by_a_plan_where_nothing_is_applied(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", EXAMPLE, "explain", "service/classify/svm"]) == 0
    shown = capsys.readouterr().out
    assert "nothing is applied" in shown
    assert "replica/digits:classify/svm/0" in shown


@pytest.mark.parametrize("subject", ["service/nobody", "planet/mars"])
def test_an_address_of_nothing_is_a_usage_error(subject: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", EXAMPLE, "explain", subject]) == 64
    assert "error" in capsys.readouterr().err


UNOBSERVED = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: pages}
spec: {services: [{name: web, command: [sleep, "9"]}]}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec: {nodes: [{name: one, cpu: 8, memory: {rss: 8Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec: {pipelines: [pages], inventory: here}
"""
SENTENCE = "Stack desk is not observed: it has no contract, and no service declares `reports`, so it has no agent.\n"


@pytest.fixture
def unobserved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder of a stack without contracts and reports, as if it were applied."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "rohe.yaml").write_text("project: pages\n")
    (tmp_path / "all.yaml").write_text(UNOBSERVED)
    stack = known_stack(tmp_path, None)
    write_record(stack.folder.ensure(), Record(1, make_plan(tmp_path).planfile, complete=True))
    return str(tmp_path)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["observe"], {"agents": [], "results": []}),
        (["observe", "--last", "5"], {"agents": [], "results": []}),
        (["violations"], []),
        (["explain", "latest"], {"id": None}),
    ],
)
def test_a_stack_without_contracts_and_reports_says_that_it_is_not_observed(
    words: list[str], answer: Any, unobserved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", unobserved, *words]) == 0
    assert capsys.readouterr().out.replace("\n", " ").strip() == SENTENCE.strip()
    assert run(["-C", unobserved, *words, "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert ({key: found[key] for key in answer} if isinstance(answer, dict) else found) == answer


def test_a_stack_without_agent_has_nothing_to_follow_and_no_violation_to_end(
    unobserved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", unobserved, "observe", "--follow"]) == 0
    assert "not observed" in capsys.readouterr().out
    for words in (["violations", "--restore", "v-1"], ["explain", "v-1"]):
        assert run(["-C", unobserved, *words]) == 64
        assert "no violation 'v-1' of stack 'desk'" in capsys.readouterr().err
