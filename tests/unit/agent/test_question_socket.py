"""Questions from inside the agent's container: the socket, and the program that asks on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rohe_iac.agent.answers import AnswerDesk
from rohe_iac.agent.ask import AgentAway, QuestionRefused, answers
from rohe_iac.agent.question_socket import SOCKET
from rohe_iac.cli.main import run
from rohe_iac.foundation.errors import UsageError
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.sinks.store import AgentStore, Transaction

RESULTS = 3000
"""More than one page of an answer holds."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The folder of a store; its path is longer than that of a socket may be."""
    folder = tmp_path / ("long-" * 30)
    folder.mkdir()
    return folder


@pytest.fixture
def desk(store: Path) -> Iterator[AnswerDesk]:
    """An answer desk at work, with some results."""
    results = [
        Result(
            contract="c", objective="o", start=0.0, end=float(number), value=0.5, count=1, window=Verdict.KEPT,
            verdict=Verdict.KEPT, number=number,
        )
        for number in range(RESULTS)
    ]  # fmt: skip
    opened = AgentStore(store)
    opened.write(Transaction(outcomes=list(results)))
    opened.close()

    def to_the_broker(_client: str, _page: bytes) -> bool:
        raise AssertionError("an answer to a question of the socket went to the broker")

    found = AnswerDesk(store, to_the_broker)
    found.start({"agent": "agent-0"})
    yield found
    found.close()


@pytest.mark.usefixtures("desk")
def test_questions_are_answered_in_their_order_with_all_pages(store: Path) -> None:
    pages = [
        json.loads(page)
        for page in answers(['{"ask": "status"}', '{"ask": "results", "most": 3000}'], {"ROHE_STORE": str(store)})
    ]
    assert pages[0]["items"] == [{"agent": "agent-0"}]
    assert len(pages) > 2
    assert sum(len(page["items"]) for page in pages[1:]) == RESULTS


@pytest.mark.usefixtures("desk")
def test_a_question_that_the_agent_cannot_answer_is_refused_in_its_words(store: Path) -> None:
    asked = answers(['{"ask": "explain", "violation": "v-1"}', '{"ask": "status"}'], {"ROHE_STORE": str(store)})
    assert "no violation 'v-1' is known" in json.loads(next(asked))["refused"]
    assert json.loads(next(asked))["items"], "the other questions are answered"
    with pytest.raises(QuestionRefused) as caught:
        next(asked)
    assert "no violation 'v-1' is known" in caught.value.detail


@pytest.mark.usefixtures("desk")
def test_a_refused_question_ends_the_command_with_an_exit_code(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROHE_STORE", str(store))
    assert run(["agent", "ask", '{"ask": "weather"}']) == 64
    said = capsys.readouterr()
    assert "unknown question 'weather'" in json.loads(said.out)["refused"]
    assert "unknown question 'weather'" in said.err


@pytest.mark.usefixtures("desk")
def test_only_the_agents_own_user_can_connect(store: Path) -> None:
    assert (store / SOCKET).stat().st_mode & 0o777 == 0o600


def test_a_socket_that_a_killed_agent_left_is_replaced(store: Path) -> None:
    left = AnswerDesk(store, lambda *_: True)
    AgentStore(store).close()
    left.start({"agent": "left"})
    again = AnswerDesk(store, lambda *_: True)
    again.start({"agent": "again"})
    (page,) = answers(['{"ask": "status"}'], {"ROHE_STORE": str(store)})
    assert json.loads(page)["items"] == [{"agent": "again"}]
    again.close()
    assert not (store / SOCKET).exists()


def test_without_an_agent_the_command_says_so(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROHE_STORE", str(store))
    assert run(["agent", "ask", '{"ask": "status"}']) == 10
    assert "no agent answers" in capsys.readouterr().err
    with pytest.raises(AgentAway):
        list(answers(['{"ask": "status"}'], {"ROHE_STORE": str(store / "nowhere")}))


@pytest.mark.usefixtures("desk")
def test_the_command_prints_the_pages_as_lines(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROHE_STORE", str(store))
    assert run(["agent", "ask", '{"ask": "status"}']) == 0
    assert json.loads(capsys.readouterr().out)["items"] == [{"agent": "agent-0"}]


@pytest.mark.parametrize("words", ["status", "[1]", ""])
def test_what_is_no_json_object_is_no_question(words: str) -> None:
    with pytest.raises(UsageError, match="is no question"):
        list(answers([words], {"ROHE_STORE": os.curdir}))


def test_a_store_has_to_be_named() -> None:
    with pytest.raises(UsageError, match="no store"):
        list(answers(['{"ask": "status"}'], {}))


@pytest.mark.usefixtures("desk")
def test_the_program_that_a_pod_runs_says_the_same_and_loads_no_command_line(store: Path) -> None:
    program = [sys.executable, "-X", "importtime", "-m", "rohe_iac.agent.ask"]
    environment = {**os.environ, "ROHE_STORE": str(store)}
    done = subprocess.run(
        [*program, '{"ask": "status"}'], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout)["items"] == [{"agent": "agent-0"}]
    assert "typer" not in done.stderr
    away = {**os.environ, "ROHE_STORE": str(store / "nowhere")}
    failed = subprocess.run([*program, "{}"], env=away, capture_output=True, text=True, check=False, timeout=60)
    assert failed.returncode == 10
    assert "no agent answers" in failed.stderr
