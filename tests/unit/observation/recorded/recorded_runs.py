"""Recorded runs: streams of messages, and all that comes of them, as lines of JSON.

`python recorded_runs.py FOLDER` writes what the present code makes of each run, one file a run: to compare two
revisions, write the folders of both, and compare them with `diff`. `python recorded_runs.py` records the digests.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from answering_observer import AnsweringObserver
from recorded_contracts import PROCESSING, ensemble, one_service
from recorded_messages import (
    BEGIN,
    Arrival,
    captured,
    chaotic,
    garbled,
    single,
    states,
    voting,
    with_inputs,
)

from rohe_iac.agent.inputs import apply_input, stall_input
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.checkpoint import checkpoint_of, restored
from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.observer_input import ObserverInput
from rohe_iac.sinks.store import AgentStore, Transaction

DIGESTS = Path(__file__).parent / "digests.json"

OWN_INPUTS = ("tick", "shed", "pause", "resume")
"""Kinds of inputs that an agent gives its observer by itself."""

Run = tuple[Configuration, Callable[[], list[Arrival]]]


def _spoiled(number: int) -> str:
    return "c" if 120 <= number < 260 else "a" if 300 <= number < 360 else ""


RUNS: dict[str, Run] = {
    "voting": (ensemble(), lambda: voting(1, 500, _spoiled)),
    "voting-out-of-order": (ensemble(), lambda: chaotic(voting(2, 400, _spoiled), 5, 1.4, 0.05, 0.0)),
    "voting-late": (ensemble(), lambda: list(states(chaotic(voting(3, 400, _spoiled), 6, 3.0, 0.05, 0.02), 7))),
    "voting-interrupted": (
        ensemble(),
        lambda: with_inputs(voting(4, 400, _spoiled), 8, ("stall", "resume", *OWN_INPUTS), 150),
    ),
    "single": (one_service("load", 5, *PROCESSING), lambda: single(9, 1500)),
    "single-out-of-order": (
        one_service("load", 5, *PROCESSING),
        lambda: with_inputs(
            chaotic(single(10, 1200), 11, 2.5, 0.1, 0.01), 12, ("tick", "shed", "pause", "resume"), 200
        ),
    ),
    "captured": (one_service("stage", 3, PROCESSING[2]), lambda: chaotic(captured(13, 700), 14, 0.5, 0.05, 0.01)),
    "garbled": (one_service("load", 3, PROCESSING[0]), lambda: garbled(15, 300)),
}
"""Each run by name: a configuration, and what arrives."""


class Taking(Protocol):
    """What turns messages into inputs of the observer: the intake of one agent, or several agents together."""

    def take(self, message: Incoming, at: float) -> list[IntakeBatch]:
        """Takes one message in at a time (seconds since the epoch); returns what the store has to write by then."""
        ...

    def finish(self, at: float) -> list[IntakeBatch]:
        """Returns what is still under way."""
        ...


class Alone:
    """One agent, which commits each message by itself."""

    def __init__(self, configuration: Configuration, store: AgentStore) -> None:
        self._intake = Intake(store, configuration.agent, Senders(configuration.instances))

    def take(self, message: Incoming, at: float) -> list[IntakeBatch]:
        return [self._intake.process([message], at)]

    def finish(self, _at: float) -> list[IntakeBatch]:
        return []


def outcomes_of(
    name: str, batch: int = 50, restart: int = 0, taking: Callable[[Configuration, AgentStore], Taking] = Alone
) -> list[bytes]:
    """Returns all that comes of a run: outcomes in order, dead letters, and counts at the end.

    Args:
        name: Name of the run.
        batch: Messages that are taken in at once.
        restart: Batch before which the observer is saved, and continues from what was saved; 0 for never.
        taking: Returns what takes the messages in.
    """
    configuration, arrivals_of = RUNS[name]
    arrivals = arrivals_of()
    here = Path.cwd()
    os.chdir(Path(__file__).parent)  # user functions are named relative to the working folder
    try:
        with tempfile.TemporaryDirectory() as folder:
            store = AgentStore(Path(folder))
            return _run(configuration, arrivals, store, batch, restart, taking(configuration, store))
    finally:
        os.chdir(here)


def _run(
    configuration: Configuration,
    arrivals: list[Arrival],
    store: AgentStore,
    batch: int,
    restart: int,
    taking: Taking,
) -> list[bytes]:
    observer: Observer = AnsweringObserver(configuration)
    lines = [msgspec.json.encode(outcome) for outcome in observer.resume(BEGIN - 1.0)]
    written = Transaction()
    for number, first in enumerate(range(0, len(arrivals), batch)):
        if number == restart and restart:
            checkpoint = checkpoint_of(observer.state)
            store.write_checkpoint(0, "digest", checkpoint.content, checkpoint.needed)
            observer = AnsweringObserver(configuration, restored(checkpoint.content, store.segments))
        for arrival in arrivals[first : first + batch]:
            if arrival.topic:
                message = Incoming(f"rohe/v1/s/{arrival.topic}", arrival.content, 1, False, 1, 1)
                for taken in taking.take(message, arrival.at):
                    lines += _apply(taken, observer, store, written)
            else:
                kind = arrival.content.decode()
                own = stall_input(arrival.at, 2.5) if kind == "stall" else ObserverInput(kind, arrival.at)
                lines += map(msgspec.json.encode, apply_input(observer, own))
    for taken in taking.finish(arrivals[-1].at):
        lines += _apply(taken, observer, store, written)
    for step in range(1, 90):
        lines += map(msgspec.json.encode, observer.tick(arrivals[-1].at + step))
    lines += [msgspec.json.encode(passed) for passed in observer.take_passed()]
    lines += [msgspec.json.encode([topic, why.partition(":")[0]]) for _, topic, why, _ in written.dead_letters]
    state = observer.state
    counts = {
        "counters": state.counters,
        "missing": state.watermark.missing,
        "unjoined": state.join.unjoined,
        "stragglers": state.join.stragglers,
        "verdicts": {name: objective.judge for name, objective in state.objectives.items()},
        "baselines": {name: objective.baselines for name, objective in state.objectives.items()},
        "active": state.degrading.active,
    }
    store.close()
    return [*lines, msgspec.json.encode(counts)]


def _apply(taken: IntakeBatch, observer: Observer, store: AgentStore, written: Transaction) -> list[bytes]:
    written.dead_letters += taken.transaction.dead_letters
    store.write(Transaction(digests=taken.transaction.digests, segments=observer.take_segments()))
    return [
        msgspec.json.encode(outcome)
        for observer_input, report in taken.inputs
        for outcome in apply_input(observer, observer_input, report)
    ]


def digests_of(lines: list[bytes]) -> list[str]:
    """Returns the number of the lines, the digest of all, and one of each hundred of them, to find a change by."""
    hundreds = [b"\n".join(lines[first : first + 100]) for first in range(0, len(lines), 100)]
    whole = hashlib.sha256(b"\n".join(lines)).hexdigest()[:16]
    return [str(len(lines)), whole, *(hashlib.sha256(part).hexdigest()[:8] for part in hundreds)]


def main() -> None:
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        for name in RUNS:
            (folder / f"{name}.jsonl").write_bytes(b"\n".join([*outcomes_of(name), b""]))
        return
    recorded = {name: digests_of(outcomes_of(name)) for name in RUNS}
    DIGESTS.write_bytes(msgspec.json.format(msgspec.json.encode(recorded), indent=1) + b"\n")


if __name__ == "__main__":
    main()
