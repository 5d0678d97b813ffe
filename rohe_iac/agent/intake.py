"""Intake: from messages to what the observer is told, each report once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.reports.qoa4ml import decode_qoa4ml
from rohe_iac.observation.reports.report import Report, Undecodable, decode_report
from rohe_iac.observation.reports.seen import Seen
from rohe_iac.sinks.store import Entry, Input, Store


@dataclass
class Taken:
    """What a batch of messages came to. told: (input, report) in order; acknowledge: reporters' boots to answer."""

    entry: Entry = field(default_factory=Entry)
    told: list[tuple[Input, Report | None]] = field(default_factory=list)
    acknowledge: set[tuple[str, str]] = field(default_factory=set)
    returned: list[str] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, item: Input, report: Report | None = None) -> None:
        """Adds an input."""
        self.entry.inputs.append(item)
        self.told.append((item, report))

    def precede(self, item: Input) -> None:
        """Adds an input before all others."""
        self.entry.inputs.insert(0, item)
        self.told.insert(0, (item, None))

    def count(self, name: str) -> None:
        """Adds one to a count of the store."""
        self.entry.counted[name] = self.entry.counted.get(name, 0) + 1


class Intake:
    """Decodes, drops what was there before, and keeps aside what is no report."""

    def __init__(self, store: Store, agent: str) -> None:
        self._store, self._agent = store, agent
        self._seen = store.seen()
        self.clients: dict[str, dict[str, Any]] = {}

    def known(self) -> list[tuple[str, str]]:
        """Every (client, boot) that ever reported."""
        return list(self._seen)

    def acknowledgement(self, client: str, boot: str) -> tuple[int, list[list[int]]]:
        """What is committed of a boot."""
        return self._seen[client, boot].acknowledgement()

    def take(self, messages: list[Incoming], now: float) -> Taken:
        """Everything that the messages say, at `now` (seconds since the epoch)."""
        taken = Taken()
        digests: set[bytes] = set()
        for message in messages:
            # rohe/v1/STACK/KIND/...
            levels = message.topic.split("/")
            if levels[3] == "report":
                self._report(message, levels, now, taken, digests)
            elif levels[3] == "state":
                self._state(message, levels[-1], now, taken)
            elif levels[3] == "reply":
                content = _object(message.payload)
                if content is not None:
                    taken.answers.append(content)
        return taken

    def _report(self, message: Incoming, levels: list[str], now: float, taken: Taken, digests: set[bytes]) -> None:
        try:
            report = _decoded(message.payload, levels[4], levels[5])
        except Undecodable as error:
            why = f"{error.brief} {error.detail}".strip()
            taken.entry.dead.append((now, message.topic, why, message.payload))
            taken.count("undecodable")
            return
        if report.seq:
            key = (report.client, report.boot)
            taken.acknowledge.add(key)
            seen = self._seen.setdefault(key, Seen())
            fresh = seen.add(report.seq)
            if fresh:
                taken.entry.seen[key] = seen
        else:
            digest = hashlib.blake2b(message.payload, digest_size=16, key=levels[5].encode()[:64]).digest()
            fresh = digest not in digests and not self._store.has_digest(digest)
            digests.add(digest)
            taken.entry.digests.append((digest, now))
        if fresh:
            taken.tell(Input("report", now, report.client, msgspec.json.encode(report)), report)
            taken.count("reports")
        else:
            taken.count("duplicates")

    def _state(self, message: Incoming, client: str, now: float, taken: Taken) -> None:
        content = _object(message.payload)
        if content is None or client == self._agent:
            return
        before = self.clients.get(client, {})
        self.clients[client] = content
        state = content.get("state")
        if state == "online" and before.get("boot") != content.get("boot"):
            taken.returned.append(client)
        elif state == "stopped" and before.get("state") == "online":
            taken.tell(Input("stop", now, client))


def _decoded(payload: bytes, service: str, instance: str) -> Report:
    # Our own form names its version first; QoA4ML's have none.
    if payload[:64].lstrip().startswith(b'{"v":'):
        return decode_report(payload)
    try:
        return decode_qoa4ml(payload, service, instance)
    except Undecodable as foreign:
        try:
            return decode_report(payload)
        except Undecodable:
            raise foreign from None


def _object(payload: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
