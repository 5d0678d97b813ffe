"""Answers: what an agent answers to the command line, on a thread and a read-only connection of its own."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.agent.question_socket import QuestionSocket
from rohe_iac.foundation.errors import RoheError
from rohe_iac.observation.judging.outcome import CorrectiveAction, Violation
from rohe_iac.sinks.store import AgentStore
from rohe_iac.transports.long_status import divided_status

LOG = logging.getLogger("rohe.agent")

PAGE_BYTES = 128 * 1024
"""Approximate bytes of one page of an answer; brokers bound a message to 1 MiB or less."""

MAX_ITEMS = 10_000
"""Items of one answer, at most."""

MAX_ROW = 2**63 - 1
"""Largest number of a row of the store."""

SendPage = Callable[[str, bytes], bool]
"""Sends one page of an answer to a client; False where there is no connection."""


class UnanswerableQuestion(Exception):
    """A question that has no answer; the message says why, and what to ask."""


class AnswerDesk:
    """Answers questions about status, results, violations and dead letters, and accepts requests to restore.

    Attributes:
        status: The answer to `status`, replaced by the agent from time to time.
    """

    def __init__(self, folder: Path, send: SendPage, judge: str = "") -> None:
        """Prepares the thread; `start` starts it.

        Args:
            folder: Folder of the store.
            send: Sends one page to a client.
            judge: Agent that has the store, where this one only receives reports for it.
        """
        self._folder, self._send, self._judge = folder, send, judge
        self._store: AgentStore | None = None
        self.status: dict[str, Any] = {}
        self._questions: queue.Queue[tuple[bytes, SendPage] | None] = queue.Queue(maxsize=1000)
        self._socket: QuestionSocket | None = None
        self._restore_requests: queue.Queue[str] = queue.Queue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)

    def start(self, status: dict[str, Any]) -> None:
        """Starts the thread, and listens on the socket in the folder.

        Args:
            status: The answer to `status` until the agent replaces it, because clients may ask from now on.
        """
        self.status = status
        self._thread.start()
        self._socket = QuestionSocket(self._folder, self.submit)

    def submit(self, payload: bytes, send: SendPage | None = None) -> None:
        """Queues a question; a question beyond the queue's size is dropped, and its client asks again.

        Args:
            payload: The question.
            send: Sends the pages of its answer; by default as those of all others.
        """
        try:
            self._questions.put_nowait((payload, send or self._send))
        except queue.Full:
            LOG.warning("too many questions wait; one was dropped")

    def take_restore_requests(self) -> list[str]:
        """Returns the violations whose actions clients have asked to end since the last call."""
        violations = []
        while not self._restore_requests.empty():
            violations.append(self._restore_requests.get_nowait())
        return violations

    def close(self) -> None:
        """Closes the socket and ends the thread, within 2 s; where the queue is full its questions are dropped."""
        if self._socket is not None:
            self._socket.close()
        try:
            self._questions.put_nowait(None)
        except queue.Full:
            # A thread that waits for the disk empties no queue, so that waiting for room could last for ever.
            self._ending.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        while not self._ending.is_set() and (asked := self._questions.get()) is not None:
            payload, send = asked
            try:
                question = json.loads(payload)
                question_id, reply = str(question["id"]), str(question["reply"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                LOG.warning("a question that cannot be read was dropped: %s", error)
                continue
            try:
                _send_pages(send, reply, question_id, self._items(question))
            except Exception as error:  # noqa: BLE001
                # A question may hold anything, and the store may be damaged: neither may end the thread.
                why = f"{error.brief}: {error.detail}" if isinstance(error, RoheError) and error.detail else str(error)
                send(reply, json.dumps({"id": question_id, "refused": why[:500]}).encode())
        if self._store is not None:
            self._store.close()

    def _opened_store(self) -> AgentStore:
        """Returns the store, opened for reading with the first question that needs it.

        Raises:
            UnanswerableQuestion: This agent has no store.
            StoreFailed: The store cannot be opened; the next question tries again.
        """
        if self._judge:
            reason = f"this agent receives reports for agent {self._judge}, which judges them: ask that one"
            raise UnanswerableQuestion(reason)
        if self._store is None:
            self._store = AgentStore(self._folder, read_only=True)
        return self._store

    def _items(self, question: dict[str, Any]) -> list[Any]:
        kind = question.get("ask")
        if kind == "status":
            return divided_status(self.status)
        store = self._opened_store()
        limit = min(_whole_number(question, "most", MAX_ITEMS), MAX_ITEMS)
        if kind == "results":
            results = store.newest_outcomes("result", limit, _whole_number(question, "after", 0))
            return [{"row": row, **msgspec.to_builtins(result)} for row, result in results]
        if kind == "dead":
            return _dead_letters(store, limit, payloads=question.get("payloads") is True)
        if kind == "violations":
            return _violations(store, limit)
        if kind == "explain":
            prefix = str(question.get("violation", ""))
            matching = [violation for violation in _violations(store, MAX_ITEMS) if violation["id"].startswith(prefix)]
            if not matching or not prefix:
                raise _unknown_violation(prefix)
            return matching[-1:]
        if kind == "restore":
            violation = str(question.get("violation", ""))
            _check_restorable(violation, _violations(store, MAX_ITEMS))
            self._restore_requests.put(violation)
            return [{"restored": violation}]
        known = "status, results, violations, explain, dead or restore"
        raise UnanswerableQuestion(f"unknown question '{kind}': ask for {known}")


def _dead_letters(store: AgentStore, limit: int, *, payloads: bool) -> list[dict[str, Any]]:
    """Returns the newest dead letters, oldest first; what they say, which may be personal, only where asked."""
    return [
        {
            "row": row, "at": at, "topic": topic, "why": why, "bytes": len(payload),
            **({"payload": payload.decode(errors="backslashreplace")} if payloads else {}),
        }
        for row, at, topic, why, payload in store.newest_dead_letters(limit)
    ]  # fmt: skip


def _whole_number(question: dict[str, Any], name: str, default: int) -> int:
    """Returns a number of a question, from 0 to MAX_ROW."""
    value = question.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_ROW:
        raise UnanswerableQuestion(f"'{name}' is a whole number from 0 on, not {json.dumps(value)[:50]}")
    return value


def _unknown_violation(violation: str) -> UnanswerableQuestion:
    return UnanswerableQuestion(f"no violation '{violation}' is known: `rohe violations` lists them")


def _check_restorable(violation: str, known: list[dict[str, Any]]) -> None:
    """Checks that a violation has an action in force, which a restore would end.

    Raises:
        UnanswerableQuestion: It has none, or nobody knows the violation.
    """
    found = next((item for item in known if item["id"] == violation), None)
    if found is None:
        raise _unknown_violation(violation)
    if not any(not action["ended"] and not action["dry"] for action in found["actions"]):
        ended = any(action["ended"] for action in found["actions"])
        why = "its actions have ended" if ended else "it has none, or a dry run"
        raise UnanswerableQuestion(
            f"nothing is left to restore of violation '{violation}': {why}; `rohe observe` shows the actions in force"
        )


def _send_pages(send: SendPage, reply: str, question_id: str, items: list[Any]) -> None:
    pages: list[list[bytes]] = [[]]
    size = 0
    for item in items:
        content = msgspec.json.encode(item)
        if size + len(content) > PAGE_BYTES and pages[-1]:
            pages.append([])
            size = 0
        pages[-1].append(content)
        size += len(content)
    for index, page in enumerate(pages):
        head = json.dumps({"id": question_id, "page": index, "last": index == len(pages) - 1})
        send(reply, head[:-1].encode() + b', "items": [' + b",".join(page) + b"]}")


def _violations(store: AgentStore, limit: int) -> list[dict[str, Any]]:
    """Returns the newest violations with their actions as plain values, oldest first."""
    violations: dict[str, dict[str, Any]] = {}
    for _, outcome in store.newest_outcomes("violation", limit):
        if isinstance(outcome, Violation):
            violations[outcome.id] = {**msgspec.to_builtins(outcome), "actions": []}
    actions: dict[str, CorrectiveAction] = {}
    for _, outcome in store.newest_outcomes("action", limit):
        if isinstance(outcome, CorrectiveAction):
            actions[outcome.id] = outcome
    for action in actions.values():
        if action.violation in violations:
            violations[action.violation]["actions"].append(msgspec.to_builtins(action))
    return list(violations.values())
