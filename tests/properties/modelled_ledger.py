"""What a model of the delivery knows of every report, and what has become of it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing

from rohe_iac.foundation.wire.report_bounds import MAX_AGE
from rohe_iac.observation.reports.report import read_stored, sequence_number_of
from rohe_iac.reporting.refusal import Refusal
from rohe_iac.sinks.observer_input import InputKind
from rohe_iac.sinks.store import AgentStore


class Ledger:
    """What the model knows of every report, by its identifier, and what has become of it.

    Attributes:
        accepted: Client of each accepted report.
        refused: How many reports were refused, by reason.
        refused_names: Reports that were refused.
        unusable: Reports that the agent must refuse.
        stored: Identity of each report that was stored.
        dead: Identity of each report that became a dead letter.
        numbers: Sequence numbers of both, by client and boot.
        forgotten: Boots that the agent has forgotten: what the broker still delivers of them counts as new.
        stored_again: How many reports of such boots were stored once more.
        dead_again: How many of them became dead letters once more.
    """

    def __init__(self) -> None:
        self.accepted: dict[str, str] = {}
        self.refused: Counter[Refusal] = Counter()
        self.unusable: set[str] = set()
        self.refused_names: set[str] = set()
        self.stored: dict[str, tuple[str, str, int]] = {}
        self.dead: dict[str, tuple[str, str, int]] = {}
        self.numbers: dict[tuple[str, str], set[int]] = {}
        self.forgotten: set[tuple[str, str]] = set()
        self.stored_again = self.dead_again = 0
        self._row = self._dead_row = 0

    def read(self, store: AgentStore) -> None:
        """Reads what was committed since the last call; no report may be there twice."""
        for row, found in store.inputs_after(self._row):
            self._row = row
            if found.kind == "report":
                report = read_stored(found.payload)
                name, key = report.request, (report.client, report.boot, report.seq)
                again = key[:2] in self.forgotten
                self.stored_again += again and name in self.stored
                assert again or name not in self.stored, f"{name} was stored twice: {self.stored[name]} and {key}"
                assert name not in self.refused_names, f"{name} was refused, and stored"
                assert name not in self.unusable, f"{name} cannot be used, and was stored"
                self.stored[name] = key
            elif found.kind == InputKind.DEAD_LETTER:
                content = json.loads(found.payload)
                key = (found.client, content["boot"], content["seq"])
            else:
                continue
            numbers = self.numbers.setdefault(key[:2], set())
            assert key[2] not in numbers or key[:2] in self.forgotten, f"{key} was taken in twice"
            numbers.add(key[2])
        with closing(sqlite3.connect(store.path)) as database:
            rows = database.execute("SELECT row, at, payload FROM dead WHERE row > ?", (self._dead_row,)).fetchall()
        for self._dead_row, at, payload in rows:
            name = name_of(payload)
            client, boot, seq = sequence_number_of(payload) or ("", "", 0)
            again = (client, boot) in self.forgotten
            self.dead_again += again and name in self.dead
            assert again or name not in self.dead, f"{name} became a dead letter twice"
            assert again or name not in self.stored, f"{name} was stored, and became a dead letter"
            too_old = at - float(payload.split(b'"at":')[1].split(b",")[0]) > MAX_AGE
            assert name in self.unusable or too_old, f"{name} is a dead letter without a reason"
            self.dead[name] = (client, boot, seq)

    def settled(self, name: str) -> bool:
        """Checks whether a report was stored, or kept as a dead letter."""
        return name in self.stored or name in self.dead


def name_of(payload: bytes) -> str:
    """Returns the identifier that the model has given to a report."""
    return payload.split(b'"request":"')[1].split(b'"')[0].decode()
