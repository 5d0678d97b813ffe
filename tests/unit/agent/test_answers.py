"""The answer desk: pages of bounded size, violations with their actions, refusals, and requests to restore."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.agent.answers import PAGE_BYTES, AnswerDesk
from rohe_iac.observation.judging.explanation import Evidence
from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Result, Violation
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.sinks.store import AgentStore, Transaction


def result(number: int, objective: str = "o") -> Result:
    return Result(
        contract="c", objective=objective, start=0.0, end=float(number), value=0.5, count=1, window=Verdict.KEPT,
        verdict=Verdict.KEPT, number=number,
    )  # fmt: skip


def violation(name: str, ended: float = 0.0) -> Violation:
    evidence = Evidence(start=0.0, end=1.0, value=0.5, count=1, promise="", window="", contributions=())
    return Violation(id=name, contract="c", objective="o", opened=1.0, evidence=evidence, ended=ended)


class Client:
    """A client of a running answer desk."""

    def __init__(self, folder: Path) -> None:
        self.pages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.desk = AnswerDesk(folder, self._receive)
        self.desk.start({"agent": "agent-0"})

    def _receive(self, client: str, payload: bytes) -> bool:
        assert client == "operator"
        self.pages.put(json.loads(payload))
        return True

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        """Returns the pages of the answer."""
        content = {"id": "1", "ask": question, "reply": "operator", **parameters}
        self.desk.submit(json.dumps(content).encode())
        pages = [self.pages.get(timeout=10)]
        while not pages[-1].get("last", True):
            pages.append(self.pages.get(timeout=10))
        return pages

    def items(self, question: str, **parameters: Any) -> list[Any]:
        return [item for page in self.ask(question, **parameters) for item in page["items"]]


@pytest.fixture
def store(tmp_path: Path) -> AgentStore:
    return AgentStore(tmp_path)


@pytest.fixture
def client(store: AgentStore) -> Iterator[Client]:
    client = Client(store.path.parent)
    yield client
    client.desk.close()


def test_a_question_about_the_status_has_an_answer_from_the_start(client: Client) -> None:
    assert client.items("status") == [{"agent": "agent-0"}]


def test_results_come_after_a_row_and_at_most_as_many_as_asked(store: AgentStore, client: Client) -> None:
    store.write_missing_outcomes([result(number) for number in range(10)])
    assert [item["number"] for item in client.items("results")] == list(range(10))
    assert [item["number"] for item in client.items("results", after=7)] == [7, 8, 9]
    assert [item["number"] for item in client.items("results", most=2)] == [8, 9]


def test_dead_letters_are_told_with_what_they_say_only_where_that_is_asked(store: AgentStore, client: Client) -> None:
    store.write(Transaction(dead_letters=[(5.0, "t/1", "not JSON", b"a\xff"), (6.0, "t/2", "too old", b"{}")]))
    first, second = client.items("dead")
    assert first == {"row": 1, "at": 5.0, "topic": "t/1", "why": "not JSON", "bytes": 2}
    assert client.items("dead", most=1) == [second]
    assert [item["payload"] for item in client.items("dead", payloads=True)] == ["a\\xff", "{}"]
    assert "payload" not in client.items("dead", payloads="yes")[0]


def test_a_long_answer_comes_in_pages(store: AgentStore, client: Client) -> None:
    store.write_missing_outcomes([result(number, "o" * 10_000) for number in range(30)])
    pages = client.ask("results")
    assert [page["page"] for page in pages] == list(range(len(pages)))
    assert len(pages) > 1
    assert all(len(json.dumps(page)) < PAGE_BYTES * 1.1 for page in pages)
    assert sum(len(page["items"]) for page in pages) == 30


def test_a_violation_comes_once_with_its_end_and_its_actions(store: AgentStore, client: Client) -> None:
    action = CorrectiveAction(id="a-1", kind="degrade", violation="v-1", contract="c", objective="o", begun=1.0)
    outcomes: list[Outcome] = [violation("v-1"), action, violation("v-1", ended=2.0), violation("v-2")]
    store.write_missing_outcomes(outcomes)
    first, second = client.items("violations")
    assert (first["id"], first["ended"], [item["id"] for item in first["actions"]]) == ("v-1", 2.0, ["a-1"])
    assert (second["id"], second["actions"]) == ("v-2", [])
    assert [item["id"] for item in client.items("explain", violation="v-1")] == ["v-1"]


def action(of: str, **changes: Any) -> CorrectiveAction:
    given = {"id": f"a-{of}", "kind": "degrade", "violation": of, "contract": "c", "objective": "o", "begun": 1.0}
    return CorrectiveAction(**(given | changes))


def test_a_restore_is_passed_to_the_worker_once(store: AgentStore, client: Client) -> None:
    store.write_missing_outcomes([violation("v-1", ended=2.0), action("v-1")])
    assert client.items("restore", violation="v-1") == [{"restored": "v-1"}]
    assert client.desk.take_restore_requests() == ["v-1"]
    assert client.desk.take_restore_requests() == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("v-9", "no violation 'v-9' is known: `rohe violations` lists them"),
        ("", "no violation '' is known"),
        ("v-none", "nothing is left to restore of violation 'v-none': it has none, or a dry run"),
        ("v-dry", "'v-dry': it has none, or a dry run; `rohe observe` shows the actions in force"),
        ("v-ended", "'v-ended': its actions have ended; `rohe observe` shows the actions in force"),
    ],
)
def test_a_restore_without_an_action_in_force_is_refused(
    store: AgentStore, client: Client, name: str, reason: str
) -> None:
    store.write_missing_outcomes([violation("v-none"), violation("v-dry"), violation("v-ended"), violation("v-1")])
    store.write_missing_outcomes(
        [action("v-dry", dry=True), action("v-ended"), action("v-ended", ended=3.0), action("v-1")]
    )
    [page] = client.ask("restore", violation=name)
    assert reason in page["refused"]
    assert client.desk.take_restore_requests() == []


def test_a_store_that_cannot_be_opened_is_told_and_opened_for_a_later_question(tmp_path: Path) -> None:
    client = Client(tmp_path)
    try:
        [page] = client.ask("results")
        assert "cannot be" in page["refused"]
        assert client.items("status") == [{"agent": "agent-0"}]
        AgentStore(tmp_path).write_missing_outcomes([result(1)])
        assert [item["number"] for item in client.items("results")] == [1]
    finally:
        client.desk.close()


@pytest.mark.parametrize(
    ("question", "parameters", "reason"),
    [
        ("results", {"most": -1}, "'most' is a whole number from 0 on, not -1"),
        ("violations", {"most": 2.5}, "'most' is a whole number from 0 on, not 2.5"),
        ("results", {"most": True}, "not true"),
        ("results", {"after": 2**63}, "'after' is a whole number"),
        ("weather", {}, "unknown question 'weather': ask for status, results"),
        ("explain", {"violation": "v-9"}, "no violation 'v-9' is known"),
        ("explain", {}, "no violation '' is known"),
        ("results", {"after": "text"}, "'after' is a whole number from 0 on, not \"text\""),
    ],
)
def test_a_question_without_an_answer_is_refused(
    client: Client, question: str, parameters: dict[str, Any], reason: str
) -> None:
    [page] = client.ask(question, **parameters)
    assert reason in page["refused"]


def test_bytes_that_are_no_question_are_dropped(client: Client) -> None:
    for payload in (b"", b"[]", b"null", b"\xff", b'{"id": 1}', b"[" * 100_000):
        client.desk.submit(payload)
    assert client.items("status") == [{"agent": "agent-0"}]


def test_closing_ends_although_an_answer_hangs_and_the_queue_is_full(tmp_path: Path) -> None:
    begun, freed = threading.Event(), threading.Event()

    def hang(_client: str, _payload: bytes) -> bool:
        begun.set()
        return freed.wait(60.0)

    desk = AnswerDesk(tmp_path, hang)
    desk.start({"agent": "agent-0"})
    question = json.dumps({"id": "1", "ask": "status", "reply": "operator"}).encode()
    desk.submit(question)
    assert begun.wait(10.0)
    for _ in range(desk._questions.maxsize):
        desk.submit(question)
    closing = threading.Thread(target=desk.close, daemon=True)
    closing.start()
    closing.join(20.0)
    assert not closing.is_alive()
    freed.set()
    desk._thread.join(20.0)
    assert not desk._thread.is_alive()
