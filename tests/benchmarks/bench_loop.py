"""An agent beside a loop of the simplest kind: one metric, over the last 100 reports, every 10 reports.

Run it as `python tests/benchmarks/bench_loop.py [REPORTS]`. Reports have 1.6 kB and are encoded beforehand; what counts
is processor time, without a broker, in one run. The loop does what an agent does that has no state between messages: it
keeps the last messages as they came, decodes all of them for each result, and appends the result to a file. `every
message` has a result with each one, as loops have that know no interval. The agent decodes once, drops duplicates,
judges, and commits.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from bench_agent import BATCH, BEGIN, SECONDS, load_messages, one_metric

from rohe_iac.agent.inputs import apply_input
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.memory import search_garbage_rarely
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.store import AgentStore

SIZE, EVERY = 100, 10
"""Reports of a window, and reports from one result to the next."""

AIM = 50


def loop(payloads: list[bytes], file: Path, every: int) -> None:
    """Decodes the whole window for each result."""
    window: deque[bytes] = deque(maxlen=SIZE)
    for number, payload in enumerate(payloads, 1):
        window.append(payload)
        if number % every:
            continue
        values = []
        for kept in window:
            report = json.loads(kept)
            sample = {**report, **report["metrics"], "response_time": report["end"] - report["start"]}
            values.append(sample["response_time"])
        with file.open("a") as stream:
            stream.write(json.dumps({"mean": sum(values) / len(values), "count": len(values)}) + "\n")


def agent(count: int, folder: Path) -> None:
    """Takes in, judges and commits, as an agent does."""
    configuration, arriving = one_metric(), load_messages(count)
    store = AgentStore(folder)
    intake, observer = Intake(store, "agent-0", Senders(configuration.instances)), Observer(configuration)
    observer.resume(BEGIN - 1)
    for first in range(0, count, BATCH):
        now = BEGIN + (first + BATCH) * SECONDS / count
        taken = intake.process(list(islice(arriving, BATCH)), now)
        for observer_input, report in taken.inputs:
            taken.transaction.outcomes += apply_input(observer, observer_input, report)
        taken.transaction.segments += observer.take_segments()
        store.write(taken.transaction)
    assert observer.state.counters.windows > 0.9 * (count - SIZE) / EVERY, "the windows are judged"


def cost(work: Callable[[], object], count: int) -> float:
    """Returns the microseconds of processor time for each of so many reports."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / count * 1e6


def main() -> None:
    """Prints the agent beside the loops."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    few = [message.payload for message in load_messages(count // 10)]
    search_garbage_rarely()
    making = cost(lambda: deque(load_messages(count), maxlen=0), count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loops = {
            "every message": cost(lambda: loop(few, folder / "each.json", 1), len(few)),
            f"every {EVERY}": cost(lambda: loop(few, folder / "some.json", EVERY), len(few)),
        }
        # The reports are made on the way, which is not the agent's work.
        own = cost(lambda: agent(count, folder / "store"), count) - making
    print(f"one metric, {SIZE} reports every {EVERY}; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"  agent: {own:.1f} us a report, {1e6 / own:.0f}/s")
    for how, one in loops.items():
        print(f"  loop, {how}: {one:.0f} us, {1e6 / one:.0f}/s; the agent does {one / own:.0f} times as many")
    print(
        f"  beside 200/s, which were measured of the loop of the original ROHE: {1e6 / own / 200:.0f} times (aim {AIM})"
    )


if __name__ == "__main__":
    main()
