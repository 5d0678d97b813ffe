"""Run journal: what each run of the engine began and how it ended, a JSON line each, to recognise interrupted runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rohe_iac.foundation.clock import Clock
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.foundation.json_files.reading import NoObject, read_object
from rohe_iac.foundation.json_files.schema import refuse_newer

SCHEMA = 1
"""Version of the lines, which the line of each begin has; lines without a version are of 1."""

KEPT = 2000
"""Number of lines above which the journal is cut to its newer half when a run begins."""


MAX_REASON = 500
"""Characters of the reason of a failure that the journal keeps."""


@dataclass(frozen=True, slots=True)
class NotDone:
    """What the last run did not do to a resource.

    Attributes:
        purpose: The command, apply or destroy.
        verb: create, update or delete; "" where the run did not get to the resource.
        address: Address of the stack's part.
        reason: Why it failed, in one line; "" where the run did not get to it, or an older rohe wrote the journal.
    """

    purpose: str
    verb: str
    address: str
    reason: str


class RunJournal:
    """The journal of one stack. A line is on the disk before the step that the line announces begins."""

    def __init__(self, folder: StackFolder, clock: Clock) -> None:
        self._path = folder.journal
        self._clock = clock

    def begin(self, purpose: str, digest: str) -> None:
        """Records the begin of a run.

        Args:
            purpose: The command, apply or destroy.
            digest: Digest of the plan file, or "".
        """
        lines = self._lines()
        if len(lines) > KEPT:
            self._path.write_text("".join(f"{line}\n" for line in lines[-KEPT // 2 :]), encoding="utf-8")
        self._write(
            {"event": "begin", "schema": SCHEMA, "purpose": purpose, "digest": digest, "pid": os.getpid()}, sync=True
        )

    def step(self, event: str, verb: str, address: str, reason: str = "") -> None:
        """Records what happened to one resource; `event` is begins, ended, failed or skipped.

        Of the reason of a failure the journal takes the first line, at most MAX_REASON characters of it.
        """
        why = {"reason": reason.strip().partition("\n")[0][:MAX_REASON]} if reason else {}
        self._write({"event": event, "verb": verb, "address": address, **why}, sync=False)

    def note(self, text: str) -> None:
        """Records a sentence about the run as a whole."""
        self._write({"event": "note", "text": text}, sync=False)

    def end(self, ending: str) -> None:
        """Records the end of the run; `ending` is a value of Ending."""
        self._write({"event": "end", "ending": ending}, sync=True)

    def interrupted(self) -> str:
        """Returns the purpose of the last run if that run has no recorded end, as after a kill, otherwise "".

        Raises:
            NewerFile: A newer rohe wrote the line of a begin.
        """
        purpose = ""
        for value in self._events():
            if value.get("event") == "begin":
                schema = value.get("schema")
                refuse_newer(schema if isinstance(schema, int) else SCHEMA, SCHEMA, str(self._path))
                purpose = str(value.get("purpose"))
            elif value.get("event") == "end":
                purpose = ""
        return purpose

    def not_done(self) -> tuple[NotDone, ...]:
        """Returns what failed in the last run, and what that run did not get to, in the order of its lines."""
        purpose = ""
        found: list[NotDone] = []
        for value in self._events():
            if value.get("event") == "begin":
                purpose, found = str(value.get("purpose")), []
            elif value.get("event") in ("failed", "skipped"):
                verb, address, reason = (str(value.get(name, "")) for name in ("verb", "address", "reason"))
                found.append(NotDone(purpose, verb, address, reason))
        return tuple(found)

    def _events(self) -> Iterator[dict[str, Any]]:
        """Yields the lines as objects, without those that cannot be read: a kill may have cut one short."""
        for line in self._lines():
            try:
                value = read_object(line)
            except NoObject:
                continue
            yield value

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _write(self, value: dict[str, Any], *, sync: bool) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, json.dumps({"at": round(self._clock.now(), 3), **value}).encode() + b"\n")
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
