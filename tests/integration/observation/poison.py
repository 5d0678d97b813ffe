"""Messages that a client may send by mistake or on purpose, each with a word of the reason why it is refused.

An empty word stands for a message that is taken; what is taken must be stored, judged and saved like any other.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

BIG = "9" * 400
DEEP = 100_000


Envelope = Callable[[], dict[str, Any]]
"""Returns a good report as JSON values, each time with the next sequence number."""


def poisoned(envelope: Envelope, huge: int = 900_000) -> list[tuple[bytes, str]]:
    """Returns what may be wrong with a report in rohe's form; of one that is too large `huge` is about the size."""

    def own(**changes: Any) -> bytes:
        return json.dumps({**envelope(), **changes}).encode()

    def text(name: str, literal: str) -> bytes:
        """Returns a report with a value as it is written, whether JSON has such a value or not."""
        return json.dumps({**envelope(), name: "LITERAL"}).replace('"LITERAL"', literal).encode()

    now = envelope()["at"]
    odd = {"prediction": [[[1]]], "truth": {"a": None}, "model": ["x"], "probabilities": "z"}
    slow = {"prediction": True, "truth": 2**63, "response_time": "slow", "answered": []}
    return [
        (b"", "JSON"),
        (b"\x00\xff\xfe", "JSON"),
        (b"null", "metadata"),
        (text("seq", "1" + "0" * 30), "seq"),
        (text("seq", "9223372036854775807"), "seq"),
        (own(seq=0), "seq"),
        (own(seq=-1), "seq"),
        (own(seq=1.5), "seq"),
        (own(seq=None), "seq"),
        (own(v=2), "version"),
        (text("at", "NaN"), "invalid"),
        (text("at", "1e400"), "range"),
        (own(at=0.0), "1970-01-01"),
        (own(at=-5.0), "at"),
        (own(at=now * 1000), "at"),
        (own(at=4.1e9), ""),
        (own(start=1e300, end=-1e300), "start"),
        (text("metrics", '{"x": NaN}'), "invalid"),
        (text("metrics", '{"x": ' + BIG + "}"), "range"),
        (own(metrics={"x": "text"}), "metrics"),
        (own(metrics={f"m{number}": 1.0 for number in range(5000)}), "metrics"),
        (own(metrics={"n" * 100_000: 1.0}), "metrics"),
        (own(boot="b" * 100_000), "boot"),
        (own(request="r" * 100_000), "request"),
        (text("fields", '{"x": ' + BIG + "}"), "stored"),
        (text("fields", '{"x": ' + "[" * DEEP + "]" * DEEP + "}"), "recursion"),
        (text("fields", '{"x": ' + "[" * 900 + "]" * 900 + "}"), "nested"),
        (own(fields={"x": "y" * huge}), "larger"),
        (own(fields={"x": "\ud800"}), "report"),
        (own(client="somebody-else"), "somebody-else"),
        (own(service="other"), "service"),
        (own(instance="somebody-else"), "somebody-else"),
        (own(fields=odd), ""),
        (own(fields=slow), ""),
    ]


def poisoned_qoa4ml(at: float) -> list[tuple[bytes, str]]:
    """Returns what may be wrong with QoA4ML's envelopes."""

    def envelope(report: str, stamp: str = repr(at), key: str = "report") -> bytes:
        return f'{{"metadata": {{"corr_id": "1"}}, "timestamp": {stamp}, "{key}": {report}}}'.encode()

    def metric(records: str) -> bytes:
        return envelope(f'[{{"metric_name": "m", "records": [{records}]}}]', key="metrics")

    many = ", ".join(f'"m{number}": 1' for number in range(5000))
    return [
        (envelope('{"x": ' + BIG + "}"), "stored"),
        (envelope('{"x": 1}', BIG), "timestamp"),
        (envelope('{"x": 1}', "0"), "1970-01-01"),
        (envelope('{"x": 1}', "-3"), "seconds since the epoch"),
        (envelope('{"x": 1}', "true"), "timestamp"),
        (envelope('{"' + "n" * 100_000 + '": 1}'), "name"),
        (envelope("{" + many + "}"), "values"),
        (envelope("[" * DEEP + "]" * DEEP), "recursion"),
        (envelope('{"x": {"y": ' * 400 + "1" + "}}" * 400), "name"),
        (metric('{"responseTime": ' + BIG + ', "startTime": 1}'), "large"),
        (metric('{"responseTime": 1}'), "startTime"),
        (metric(""), ""),
        (envelope("[1]", key="metrics"), "form"),
        (envelope("[]", key="inference_report"), "form"),
        (envelope('{"a": {"metrics": []}}', key="service"), "form"),
    ]


def mutated(seed: int, envelope: dict[str, Any], count: int) -> list[bytes]:
    """Returns messages with bytes changed, cut, doubled and swapped at random, always the same for a seed."""
    chance = random.Random(seed)
    whole = json.dumps({**envelope, "metrics": {"a": 1.5}, "fields": {"probabilities": [0.1, 0.9]}}).encode()
    words = [b"null", b"-1", b"1e309", b'"x"', b"[]", b"{}", b"9" * 25, b"NaN", b"true", b'"\\ud800"', b"\xff", b"\x00"]
    messages = []
    for _ in range(count):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            place, length = chance.randrange(len(content)), chance.randrange(1, 12)
            content[place : place + length] = chance.choice([*words, b"", bytes(content[:length]), b"9" * length])
        messages.append(bytes(content))
    return messages
