"""Streams of messages for recorded runs: the same bytes on every machine and with every version of Python.

Shares, probabilities and times are multiples of powers of two, so that no sum depends on the order of its terms.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[3] / "integration" / "observation"))

from poison import mutated, poisoned, poisoned_qoa4ml

CAPTURED = Path(__file__).parents[1] / "reports" / "qoa4ml"
BEGIN = 1_795_000_000.0
"""Time at which a run begins (seconds since the epoch)."""

MEMBERS = ("a", "b", "c", "d")


class Arrival(NamedTuple):
    """One thing that happens in a run.

    Attributes:
        at: When it arrives (seconds since the epoch).
        topic: Topic below the stack; "" for an input of the observer.
        content: Payload of the message, or kind of the input.
    """

    at: float
    topic: str
    content: bytes


def chaotic(arrivals: list[Arrival], seed: int, delay: float, copies: float, late: float) -> list[Arrival]:
    """Returns the arrivals out of order, some doubled, some far too late."""
    chance = random.Random(seed)
    made = []
    for arrival in arrivals:
        at = arrival.at + chance.randrange(1024) / 1024 * delay
        if chance.random() < late:
            at += chance.randrange(2, 30)
        made.append(arrival._replace(at=at))
        if chance.random() < copies:
            made.append(arrival._replace(at=at + chance.randrange(5)))
    return sorted(made, key=lambda arrival: arrival.at)


def with_inputs(arrivals: list[Arrival], seed: int, kinds: tuple[str, ...], every: int) -> list[Arrival]:
    """Returns the arrivals with inputs of the agent itself between them."""
    chance = random.Random(seed)
    made: list[Arrival] = []
    for index, arrival in enumerate(arrivals):
        made.append(arrival)
        if index % every == every - 1:
            made.append(Arrival(arrival.at, "", chance.choice(kinds).encode()))
    return made


class Sender:
    """Counts the reports of each instance, and writes them in rohe's form."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def report(self, arrived: float, service: str, instance: str, **content: Any) -> Arrival:
        """Returns the next report of an instance."""
        number = self._numbers[instance] = self._numbers.get(instance, 0) + 1
        whole = {
            "v": 1, "seq": number, "client": instance, "boot": "b1", "service": service, "instance": instance,
            "pipeline": "p", **content,
        }  # fmt: skip
        payload = json.dumps(whole, separators=(",", ":")).encode()
        return Arrival(arrived, f"report/{service}/{instance}", payload)


def voting(seed: int, requests: int, spoiled: Callable[[int], str] = lambda _: "") -> list[Arrival]:
    """Returns the reports of a source, an ensemble of four with two replicas each, and an end.

    Args:
        seed: Seed of what the members say.
        requests: How many requests there are.
        spoiled: Returns the member that is wrong and slow in the request of that number.
    """
    chance, sender = random.Random(seed), Sender()
    arrivals: list[Arrival] = []
    now = BEGIN
    for number in range(requests):
        now += chance.choice([16, 32, 64, 400]) / 1024
        request, truth = f"r{number}", chance.randrange(3)
        arrivals.append(
            sender.report(
                now, "source", f"source-{number % 2}", at=now, request=request, start=now, end=now + 1 / 1024,
                metrics={"size": float(chance.randrange(4096))}, fields={"truth": truth, "kind": "xyz"[number % 3]},
            )
        )  # fmt: skip
        done, totals, voters = now, [0.0] * 3, []
        absent = chance.sample(MEMBERS, 2) if chance.random() < 0.06 else []
        for index, member in enumerate(MEMBERS):
            if member in absent:
                continue
            bad = spoiled(number) == member
            shares = [chance.randrange(64) / 64 for _ in range(3)]
            shares[(truth + bad) % 3] += chance.randrange(64) / 64 + 3 * bad
            end = now + (chance.randrange(8, 40) + (300 if bad else 0)) / 1024
            done = max(done, end)
            instance = f"vote-{member}-{(number + index) % 2}"
            guess = max(range(3), key=shares.__getitem__)
            totals = [left + right for left, right in zip(totals, shares, strict=True)]
            voters.append(instance)
            arrivals.append(
                sender.report(
                    end, "vote", instance, at=end, request=request, start=now, end=end, member=member,
                    node=f"n{(number + index) % 3}", metrics={"confidence": max(shares)},
                    fields={"prediction": guess, "probabilities": shares, "model": f"{member}-v{number // 100}"},
                )
            )  # fmt: skip
        if voters and chance.random() < 0.95:
            fields: dict[str, Any] = {"prediction": max(range(3), key=totals.__getitem__)}
            if chance.random() < 0.5:
                fields["inputs"] = voters[: chance.randrange(1, 5)]
            end = done + 4 / 1024
            arrivals.append(
                sender.report(end, "end", "end-0", at=end, request=request, start=done, end=end, fields=fields)
            )
    return arrivals


def single(seed: int, count: int) -> list[Arrival]:
    """Returns reports of one service with five replicas: half without a request, some with odd values and clocks."""
    chance, sender = random.Random(seed), Sender()
    odd = [None, True, "text", [1, 2], {"a": 1}, 1e200, -1e200, 0, 2**62, "", 3]
    arrivals = []
    now = BEGIN
    for number in range(count):
        now += chance.choice([8, 8, 16, 64, 2048 if number % 97 == 0 else 8]) / 1024
        instance = f"load-{chance.randrange(5)}"
        content: dict[str, Any] = {"at": now, "metrics": {"level": chance.randrange(-512, 512) / 8}}
        content["fields"] = {"odd": chance.choice(odd), "model": chance.choice(["m1", "m2", 3]), "level": "hidden"}
        if chance.random() < 0.5:
            content["request"] = f"q{number // 2}"
        if chance.random() < 0.7:
            content |= {"start": now - chance.randrange(512) / 1024, "end": now}
        if chance.random() < 0.02:
            content["at"] = now + chance.choice([3600.0, -90.0, -5.0, 1.0])
        if chance.random() < 0.3:
            content["node"] = f"n{instance[-1]}"
        arrivals.append(sender.report(now, "load", instance, **content))
    return arrivals


def captured(seed: int, count: int) -> list[Arrival]:
    """Returns the captured envelopes of QoA4ML clients again and again, with later times and other requests."""
    chance = random.Random(seed)
    envelopes = [json.loads(path.read_text()) for path in sorted(CAPTURED.glob("*.json"))]
    arrivals = []
    now = BEGIN
    for number in range(count):
        now += chance.choice([8, 32, 128]) / 1024
        content = json.loads(json.dumps(envelopes[number % len(envelopes)]))
        content.setdefault("metadata", {})["corr_id"] = f"c{number // 4}"
        if "timestamp" in content:
            content["timestamp"] = now
        else:
            content["metadata"]["timestamp"] = now
        arrivals.append(
            Arrival(now, f"report/stage/stage-{chance.randrange(3)}", json.dumps(_moved(content, now)).encode())
        )
    return arrivals


def garbled(seed: int, count: int) -> list[Arrival]:
    """Returns good reports of one service, and between them messages that are wrong in every way."""
    chance, sender = random.Random(seed), Sender()
    numbers = iter(range(1_000_000, 2_000_000))

    def envelope() -> dict[str, Any]:
        return {
            "v": 1, "seq": next(numbers), "client": "load-1", "boot": "b2", "at": BEGIN + 5, "service": "load",
            "instance": "load-1",
        }  # fmt: skip

    wrong = [payload for payload, _ in [*poisoned(envelope), *poisoned_qoa4ml(BEGIN + 5)]]
    wrong += mutated(seed, envelope(), count)
    arrivals = []
    for index, payload in enumerate(wrong):
        now = BEGIN + 5 + index / 64
        content = {
            "metrics": {"level": float(index)},
            "fields": {"odd": chance.choice(["\u00e9\U0001f600", 2**40, -(2**70)])},
        }
        arrivals.append(sender.report(now, "load", "load-0", at=now, request=f"q{index}", **content))
        arrivals.append(Arrival(now, "report/load/load-1", payload))
    return arrivals


def _moved(tree: Any, now: float) -> Any:
    """Returns the values with every span beginning a sixteenth of a second before `now`."""
    if isinstance(tree, dict):
        return {key: now - 0.0625 if key == "startTime" else _moved(value, now) for key, value in tree.items()}
    return [_moved(item, now) for item in tree] if isinstance(tree, list) else tree


def states(arrivals: list[Arrival], seed: int) -> Iterator[Arrival]:
    """Yields the arrivals, and between them what clients say of themselves: well, stopped, lost."""
    chance = random.Random(seed)
    for index, arrival in enumerate(arrivals):
        yield arrival
        if index % 40 == 39:
            client = arrival.topic.split("/")[-1]
            content: dict[str, Any] = {"state": chance.choice(["online", "online", "stopped", "lost"]), "boot": "b1"}
            if content["state"] == "online":
                content["complete_up_to"] = arrival.at - 1.0
            yield Arrival(arrival.at, f"state/{client}", json.dumps({"client": client, **content}).encode())
