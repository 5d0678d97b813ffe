"""What a report costs an agent in processor time and memory: decoded, counted once, judged and committed.

Run it as `python tests/benchmarks/bench_agent.py [REPORTS]`. Everything but the network is measured: reports of 1.6 kB,
encoded beforehand, taken in 500 at a time, judged by ten contracts with windows of 60 s, and committed to the store.
Each case has a process of its own, because a process does not give all freed memory back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.agent.inputs import apply_input
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.memory import search_garbage_rarely
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.checkpoint import checkpoint_of, restored
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import encode_state
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.store import AgentStore

CLIENTS = 9
BATCH = 500
SECONDS = 150.0
"""Event time over which the reports of a case are spread, so that windows of a minute close twice."""

BEGIN = 1_795_000_020.0
MEMBERS = ("a", "b", "c")
TUMBLING = WindowSpec(size_seconds=60.0, every_seconds=60.0)
SLIDING = WindowSpec(size_seconds=60.0, every_seconds=10.0)

AGGREGATES = ("p99", "mean", "p95", "max", "ratio", "p50", "mean", "p99", "min", "sum")


def objective(
    metric: str, aggregate: str, window: WindowSpec, scope: ScopeSpec, *, least: bool = False
) -> ObjectiveSpec:
    """Returns an objective that is kept."""
    return ObjectiveSpec(
        name=f"{aggregate}-{metric}", metric=metric, window=window, scope=scope, aggregate=aggregate,
        operator=">=" if least else "<=", low=-1e9 if least else 1e9, high=1e9, min_samples=10, missing="freeze",
    )  # fmt: skip


def one_service(window: WindowSpec) -> Configuration:
    """Returns ten contracts over one service: five about its requests, five about its reports."""
    contracts = []
    for number, aggregate in enumerate(AGGREGATES):
        scope = ScopeSpec(service="load") if number % 2 else ScopeSpec()
        spec = objective("confidence" if number % 3 else "response_time", aggregate, window, scope)
        contracts.append(AgentContract(name=f"c{number}", lateness=1.0, objectives=(spec,)))
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(ServiceSpec(name="load"),),
        instances=tuple(Instance(instance=f"load-{i}", topic="load", service="load") for i in range(CLIENTS)),
        contracts=tuple(contracts),
    )


def one_metric() -> Configuration:
    """Returns one contract about one metric of 100 reports, every 10 reports."""
    spec = objective("response_time", "mean", WindowSpec(size_count=100, every_count=10), ScopeSpec(service="load"))
    contract = AgentContract(name="c", lateness=1.0, objectives=(spec,))
    return msgspec.structs.replace(one_service(TUMBLING), contracts=(contract,))


def ensemble(window: WindowSpec) -> Configuration:
    """Returns ten contracts over a source, an ensemble of three, and an end."""
    contracts = []
    for number, aggregate in enumerate(AGGREGATES):
        scope = ScopeSpec(service="vote", member=MEMBERS[number % 3]) if number % 2 else ScopeSpec()
        metric = ("accuracy", "response_time", "confidence")[number % 3]
        spec = objective(metric, aggregate, window, scope, least=metric == "accuracy")
        contracts.append(AgentContract(name=f"c{number}", lateness=1.0, objectives=(spec,)))
    instances = [Instance(instance=f"{name}-0", topic=name, service=name) for name in ("source", "end")]
    instances += [Instance(instance=f"vote-{name}-0", topic="vote", service="vote", member=name) for name in MEMBERS]
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(
            ServiceSpec(name="end"),
            ServiceSpec(name="source", calls=("vote",)),
            ServiceSpec(name="vote", calls=("end",), members=MEMBERS),
        ),
        instances=tuple(instances),
        contracts=tuple(contracts),
    )


def message(number: int, service: str, client: str, **content: Any) -> Incoming:
    """Returns the message of a report of 1.6 kB."""
    whole = {"v": 1, "seq": number, "client": client, "boot": "b1", "service": service, "instance": client, **content}
    whole.setdefault("fields", {})
    whole["fields"] |= {"trace": "0123456789abcdef" * 2, "labels": {"zone": "hall-2", "rack": "r7"}}
    whole["fields"]["features"] = [round(0.123 + number % 1000 / 1e6, 6)] * 80
    payload = json.dumps(whole, separators=(",", ":")).encode()
    payload = payload.replace(b"0123456789abcdef", b"f" * (16 + 1600 - len(payload)), 1)
    return Incoming(f"rohe/v1/s/report/{service}/{client}", payload, 1, False, number % 65535 + 1, 1)


def load_messages(count: int) -> Iterator[Incoming]:
    """Yields reports of one service in order of time, each of a request of its own."""
    for number in range(count):
        now = BEGIN + number * SECONDS / count
        yield message(
                number // CLIENTS + 1, "load", f"load-{number % CLIENTS}", at=now, request=f"18f0a-{number}",
                start=now - 0.01 - number % 50 / 1000, end=now, metrics={"confidence": 0.5 + number % 100 / 250},
        )  # fmt: skip


def vote_messages(count: int) -> Iterator[Incoming]:
    """Yields the reports of an ensemble, five a request."""
    for number in range(count // 5):
        now = BEGIN + number * SECONDS / (count // 5)
        request, truth = f"18f0a-{number}", number % 10
        span = {"at": now, "request": request, "start": now - 0.05, "end": now}
        yield message(number + 1, "source", "source-0", **span, fields={"truth": truth})
        for place, member in enumerate(MEMBERS):
            guess = (truth + (number % 7 == place)) % 10
            shares = [0.01 + 0.9 * (label == guess) for label in range(10)]
            span = {"at": now, "request": request, "start": now - 0.04, "end": now - place / 1000}
            fields = {"prediction": guess, "probabilities": shares}
            metrics = {"confidence": 0.91}
            client = f"vote-{member}-0"
            yield message(number + 1, "vote", client, **span, member=member, metrics=metrics, fields=fields)
        yield message(number + 1, "end", "end-0", **span, fields={"prediction": truth})


CASES: dict[str, tuple[Callable[[int], Iterator[Incoming]], Configuration]] = {
    "one service, 60 s": (load_messages, one_service(TUMBLING)),
    "one service, 60 s every 10 s": (load_messages, one_service(SLIDING)),
    "one metric, 100 reports every 10": (load_messages, one_metric()),
    "ensemble, 60 s": (vote_messages, ensemble(TUMBLING)),
    "ensemble, 60 s every 10 s": (vote_messages, ensemble(SLIDING)),
}


def resident() -> float:
    """Returns the resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(case: str, count: int) -> None:
    """Prints what a report of a case costs."""
    make, configuration = CASES[case]
    arriving, size = make(count), 0
    spent = {"intake": 0.0, "observer": 0.0, "commit": 0.0}
    search_garbage_rarely()
    most, before = 0, resident()
    largest = before
    with tempfile.TemporaryDirectory() as folder:
        store = AgentStore(Path(folder))
        intake, observer = Intake(store, "agent-0", Senders(configuration.instances)), Observer(configuration)
        observer.resume(BEGIN - 1)
        for first in range(0, count, BATCH):
            batch = list(islice(arriving, BATCH))
            size += sum(len(message.payload) for message in batch)
            now = BEGIN + (first + BATCH) * SECONDS / count
            t0 = time.process_time()
            taken = intake.process(batch, now)
            t1 = time.process_time()
            for observer_input, report in taken.inputs:
                taken.transaction.outcomes += apply_input(observer, observer_input, report)
            taken.transaction.segments += observer.take_segments()
            t2 = time.process_time()
            row = store.write(taken.transaction)
            t3 = time.process_time()
            for stage, seconds in zip(spent, (t1 - t0, t2 - t1, t3 - t2), strict=True):
                spent[stage] += seconds
            most, largest = max(most, holdings_of(observer.state).windows), max(largest, resident())
        whole = sum(spent.values())
        stages = ", ".join(f"{stage} {seconds / count * 1e6:.1f}" for stage, seconds in spent.items())
        print(f"{case}: {count} reports of {size / count:.0f} bytes, {observer.state.counters.windows} windows")
        print(f"  {whole / count * 1e6:.1f} us a report: {stages}; {count / whole:.0f} a second of processor time")
        t0, wall = time.process_time(), time.perf_counter()
        checkpoint = checkpoint_of(observer.state)
        store.write_checkpoint(row, "d", checkpoint.content, checkpoint.needed)
        took, wall = time.process_time() - t0, time.perf_counter() - wall
        assert encode_state(restored(checkpoint.content, store.segments)) == encode_state(observer.state)
        print(
            f"  up to {most} reports in windows; {largest - before:.0f} MB more resident, {largest:.0f} MB in all;"
            f" checkpoint of {len(checkpoint.content) / 1e6:.2f} MB in {took * 1e3:.0f} ms ({wall * 1e3:.0f} ms wall)",
            flush=True,
        )


def main() -> None:
    if len(sys.argv) > 2:
        run(sys.argv[2], int(sys.argv[1]))
        return
    for case in CASES:
        subprocess.run([sys.executable, __file__, sys.argv[1] if len(sys.argv) > 1 else "20000", case], check=True)


if __name__ == "__main__":
    main()
