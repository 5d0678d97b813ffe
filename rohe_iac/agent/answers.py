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
from rohe_iac.observation.judging.outcome import CorrectiveAction, Violation
from rohe_iac.sinks.store import AgentStore

LOG = logging.getLogger("rohe.agent")

PAGE_BYTES = 128 * 1024
"""Approximate bytes of one page of an answer; brokers bound a message to 1 MiB or less."""

MAX_ITEMS = 10_000
"""Items of one answer, at most."""

Answer = Callable[[str, bytes], bool]
"""Sends one page to a client."""


class AnswerDesk:
    """Answers questions about status, results, violations and explanations, and accepts requests to restore.

    Attributes:
        status: The answer to `status`, replaced by the worker from time to time.
    """

    def __init__(self, folder: Path, answer: Answer) -> None:
        """Prepares the thread; `start` starts it.

        Args:
            folder: Folder of the store.
            answer: Sends one page to a client.
        """
        self._folder, self._answer = folder, answer
        self.status: dict[str, Any] = {}
        self._questions: queue.Queue[tuple[bytes, Answer] | None] = queue.Queue(maxsize=1000)
        self._socket: QuestionSocket | None = None
        self._restore_requests: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)

    def start(self) -> None:
        """Starts the thread, and listens on the socket in the folder."""
        self._thread.start()
        self._socket = QuestionSocket(self._folder, self.submit)

    def submit(self, payload: bytes, answer: Answer | None = None) -> None:
        """Queues a question; a question beyond the queue's size is dropped, and its client asks again.

        Args:
            payload: The question.
            answer: Sends the pages of its answer; by default as those of all others.
        """
        try:
            self._questions.put_nowait((payload, answer or self._answer))
        except queue.Full:
            LOG.warning("too many questions wait; one was dropped")

    def take_restore_requests(self) -> list[str]:
        """Returns the violations whose actions clients have asked to end since the last call."""
        violations = []
        while not self._restore_requests.empty():
            violations.append(self._restore_requests.get_nowait())
        return violations

    def close(self) -> None:
        """Ends the thread and closes the socket."""
        if self._socket is not None:
            self._socket.close()
        self._questions.put(None)
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        store = AgentStore(self._folder, read_only=True)
        while (asked := self._questions.get()) is not None:
            payload, answer = asked
            try:
                question = json.loads(payload)
                question_id, reply = str(question["id"]), str(question["reply"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                LOG.warning("a question that cannot be read was dropped: %s", error)
                continue
            try:
                items = self._items(store, question)
                _send_pages(answer, reply, question_id, items)
            except Exception as error:  # noqa: BLE001
                # A question may hold anything; whatever it raises concerns this question alone.
                answer(reply, json.dumps({"id": question_id, "refused": str(error)[:500]}).encode())
        store.close()

    def _items(self, store: AgentStore, question: dict[str, Any]) -> list[Any]:
        kind = question.get("ask")
        limit = min(int(question.get("most", MAX_ITEMS)), MAX_ITEMS)
        if kind == "status":
            return [self.status]
        if kind == "results":
            results = store.newest_outcomes("result", limit, int(question.get("after", 0)))
            return [{"row": row, **msgspec.to_builtins(result)} for row, result in results]
        if kind == "violations":
            return _violations(store, limit)
        if kind == "explain":
            prefix = str(question.get("violation", ""))
            matching = [violation for violation in _violations(store, MAX_ITEMS) if violation["id"].startswith(prefix)]
            if not matching or not prefix:
                raise ValueError(f"no violation '{prefix}' is known")
            return matching[-1:]
        if kind == "restore":
            violation = str(question.get("violation", ""))
            self._restore_requests.put(violation)
            return [{"restored": violation}]
        raise ValueError(f"unknown question '{kind}'")


def _send_pages(answer: Answer, reply: str, question_id: str, items: list[Any]) -> None:
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
        answer(reply, head[:-1].encode() + b', "items": [' + b",".join(page) + b"]}")


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
