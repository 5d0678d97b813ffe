"""How much memory an agent takes for one report: in a window, in a window of requests, and while it waits.

Run it as `python tests/benchmarks/bench_agent_memory.py`. Each figure comes from a process of its own, because a
process does not give all freed memory back. docs/sizing.md and blueprint/linked/memory_figures.py use the figures.
"""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rohe_iac.agent.memory import resident_bytes
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.measuring.heard_lane import FOLD_BEYOND
from rohe_iac.observation.measuring.lane import Lane, LaneState
from rohe_iac.observation.measuring.selection import metric_reading
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import decode_state, encode_state
from rohe_iac.observation.reports.report import decode_report

REPORTS = 60_000
MEMBERS = ("a", "b")

FIELDS: dict[str, dict[str, Any]] = {
    "small": {"prediction": 3},
    "usual": {"prediction": 3, "probabilities": [0.1234567890123] * 10},
    "large": {"prediction": 3, "probabilities": [0.1234567890123] * 10, "text": "y" * 1300},
}

PLACES = {
    "in a window of reports": (ScopeSpec(service="s"), 1.0),
    "in a window of requests": (ScopeSpec(), 1.0),
    "waiting": (ScopeSpec(service="s"), 1e6),
}


def configuration(place: str) -> Configuration:
    """One window that never closes."""
    scope, lateness = PLACES[place]
    objective = ObjectiveSpec(
        name="o", metric="response_time", window=WindowSpec(size_seconds=1e6, every_seconds=1e6), aggregate="p99",
        scope=scope, operator="<=", low=1, high=1, min_samples=1, missing="freeze",
    )  # fmt: skip
    return Configuration(
        stack="s",
        pipeline="p",
        agent="a",
        services=(ServiceSpec(name="s", members=MEMBERS),),
        instances=tuple(Instance(instance=f"s-{name}-0", topic="s", service="s", member=name) for name in MEMBERS),
        contracts=(AgentContract(name="c", lateness=lateness, objectives=(objective,)),),
    )


def payload(number: int, kind: str) -> bytes:
    at, member = 1000.0 + number / 1000, MEMBERS[number % 2]
    content = {
        "v": 1, "seq": number // 2 + 1, "client": f"s-{member}-0", "boot": "b", "at": at, "service": "s",
        "instance": f"s-{member}-0", "member": member, "pipeline": "p", "node": "n1", "request": f"18f0a-{number // 2}",
        "start": at - 0.01, "end": at, "metrics": {"confidence": 0.93}, "fields": FIELDS[kind],
    }  # fmt: skip
    return json.dumps(content, separators=(",", ":")).encode()


def run(place: str, kind: str, file: Path) -> None:
    """Prints the size of a report and the memory that one takes in a running agent."""
    observer = Observer(configuration(place))
    observer.resume(999.0)
    before = resident_bytes()
    for number in range(REPORTS):
        observer.report(decode_report(payload(number, kind)), 1000.0 + number / 1000)
    each = (resident_bytes() - before) / REPORTS
    size = len(payload(0, kind))
    print(f"{place}, {kind}, {size} bytes: running {each:.0f} bytes a report, {holdings_of(observer.state)}", end="")
    file.write_bytes(encode_state(observer.state))


def restart(file: Path) -> None:
    """Prints the memory that a report takes after a restart."""
    gc.collect()
    before = resident_bytes()
    state = decode_state(file.read_bytes())
    gc.collect()
    print(f"; restarted {(resident_bytes() - before) / state.counters.reports:.0f}", flush=True)


def many_keys(keys: int, panes: int, values: int) -> None:
    """Prints the memory of so many instances with so many values in each of so many panes of a window.

    The samples are given to the lane in batches, as an observer gives them to it; a report as JSON for each of them
    would take hours. The memory after each tenth of the panes shows what one more pane takes.
    """
    before, chance, begun = resident_bytes(), random.Random(1), time.process_time()
    reading = metric_reading("x")
    lane = Lane([reading], LaneState(), keeps_records=False)
    origins = [(("s", "", f"s-{key}", "n"),) for key in range(keys)]
    numbers = [chance.lognormvariate(-2, 0.7) for _ in range(keys + 997)]
    for pane in range(panes):
        for value in range(values):
            lane.extend([float(pane)] * keys, origins, [numbers[value % 997 : value % 997 + keys]], [])
            if lane.end - lane.state.first > FOLD_BEYOND and values > keys // 10:
                lane.fold(1.0)
        if (pane + 1) % max(1, panes // 10) == 0:
            print(f"  {pane + 1} panes: {(resident_bytes() - before) / 1e6:.0f} MB more", flush=True)
    held = resident_bytes() - before
    value, error = lane.select(0, lane.end).numbers(reading).percentile(99)
    print(
        f"{keys} keys x {panes} panes x {values} values: {held / 1e6:.0f} MB more, {resident_bytes() / 1e6:.0f} MB in"
        f" all; p99 {value:.3f} with an error of {error:g}; {time.process_time() - begun:.0f} s of processor time"
    )


def main() -> None:
    if sys.argv[1:2] == ["keys"]:
        many_keys(*map(int, sys.argv[2:]))
    elif len(sys.argv) == 4:
        run(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    elif len(sys.argv) == 2:
        restart(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/state"
            for place in PLACES:
                for kind in FIELDS:
                    subprocess.run([sys.executable, __file__, place, kind, file], check=True)
                    subprocess.run([sys.executable, __file__, file], check=True)
        subprocess.run([sys.executable, __file__, "keys", "10000", "60", "10"], check=True)
        subprocess.run([sys.executable, __file__, "keys", "1000", "6", "10000"], check=True)


if __name__ == "__main__":
    main()
