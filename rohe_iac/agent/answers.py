"""Answers: what an agent says when the command line asks, on a thread and a reading connection of its own."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.foundation.errors import RoheError
from rohe_iac.observation.judging.outcome import Action, Violation
from rohe_iac.sinks.store import Store

LOG = logging.getLogger("rohe.agent")

PAGE = 128 * 1024
"""Bytes of one page of an answer, about; brokers bound a message to 1 MiB and less."""

MOST = 10_000
"""Items of one answer, at most."""


class Answers:
    """Knows status, results, violations, actions and explain; takes restore as well."""

    def __init__(self, folder: Path, answer: Callable[[str, bytes], bool]) -> None:
        self._folder, self._answer = folder, answer
        self.status: dict[str, Any] = {}
        self._questions: queue.Queue[bytes | None] = queue.Queue(maxsize=1000)
        self._restored: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def ask(self, payload: bytes) -> None:
        """Takes a question; too many at once are dropped, and who asked asks again."""
        try:
            self._questions.put_nowait(payload)
        except queue.Full:
            LOG.warning("too many questions wait; one was dropped")

    def restored(self) -> list[str]:
        """Violations whose actions somebody has ended since the last call."""
        found = []
        while not self._restored.empty():
            found.append(self._restored.get_nowait())
        return found

    def close(self) -> None:
        """Ends the thread."""
        self._questions.put(None)
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        store = Store(self._folder, read_only=True)
        while (payload := self._questions.get()) is not None:
            try:
                question = json.loads(payload)
                number, reply = str(question["id"]), str(question["reply"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                LOG.warning("a question that cannot be read was dropped: %s", error)
                continue
            try:
                items = self._items(store, question)
            except (RoheError, ValueError, TypeError) as error:
                self._answer(reply, json.dumps({"id": number, "refused": str(error)}).encode())
                continue
            self._send(reply, number, items)
        store.close()

    def _send(self, reply: str, number: str, items: list[Any]) -> None:
        pages: list[list[bytes]] = [[]]
        size = 0
        for item in items:
            content = msgspec.json.encode(item)
            if size + len(content) > PAGE and pages[-1]:
                pages.append([])
                size = 0
            pages[-1].append(content)
            size += len(content)
        for index, page in enumerate(pages):
            head = json.dumps({"id": number, "page": index, "last": index == len(pages) - 1})
            self._answer(reply, head[:-1].encode() + b', "items": [' + b",".join(page) + b"]}")

    def _items(self, store: Store, question: dict[str, Any]) -> list[Any]:
        kind = question.get("ask")
        most = min(int(question.get("most", MOST)), MOST)
        if kind == "status":
            return [self.status]
        if kind == "results":
            found = store.newest("result", most, int(question.get("after", 0)))
            return [{"row": row, **msgspec.to_builtins(outcome)} for row, outcome in found]
        if kind == "violations":
            return self._violations(store, most)
        if kind == "explain":
            wanted = str(question.get("violation", ""))
            found_one = [item for item in self._violations(store, MOST) if item["id"].startswith(wanted)]
            if not found_one or not wanted:
                raise ValueError(f"no violation '{wanted}' is known")
            return found_one[-1:]
        if kind == "restore":
            wanted = str(question.get("violation", ""))
            self._restored.put(wanted)
            return [{"restored": wanted}]
        raise ValueError(f"'{kind}' is no question that it knows")

    def _violations(self, store: Store, most: int) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for _, outcome in store.newest("violation", most):
            if isinstance(outcome, Violation):
                found[outcome.id] = {**msgspec.to_builtins(outcome), "actions": []}
        actions: dict[str, Action] = {}
        for _, outcome in store.newest("action", most):
            if isinstance(outcome, Action):
                actions[outcome.id] = outcome
        for action in actions.values():
            if action.violation in found:
                found[action.violation]["actions"].append(msgspec.to_builtins(action))
        return list(found.values())
