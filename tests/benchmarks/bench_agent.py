"""How many reports a second an agent takes in: decoded, counted once, judged and committed, without the network.

Run it as `python tests/benchmarks/bench_agent.py [REPORTS]`. Reports are of about 1.1 kB, from nine clients, judged by
one objective by count, one by time, and one over single reports.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from rohe_iac.agent.intake import Intake
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import decode_state, encode_state
from rohe_iac.sinks.store import AgentStore

CLIENTS = 9
BATCH = 500


def configuration() -> Configuration:
    """Three objectives over one service."""

    def objective(name: str, metric: str, window: WindowSpec, scope: ScopeSpec) -> ObjectiveSpec:
        return ObjectiveSpec(
            name=name, metric=metric, window=window, scope=scope, aggregate="p99", operator="<=", low=1, high=1,
            min_samples=10, missing="freeze",
        )  # fmt: skip

    objectives = (
        objective("count", "response_time", WindowSpec(size_count=1000, every_count=500), ScopeSpec()),
        objective("time", "response_time", WindowSpec(size_seconds=10, every_seconds=1), ScopeSpec()),
        objective("service", "confidence", WindowSpec(size_seconds=10, every_seconds=1), ScopeSpec(service="load")),
    )
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(ServiceSpec(name="load"),),
        instances=tuple(Instance(instance=f"load-{i}", topic="load", service="load") for i in range(CLIENTS)),
        contracts=(AgentContract(name="c", lateness=1.0, objectives=objectives),),
    )


def messages(count: int) -> list[Incoming]:
    """Reports in order of time, a thousand a second."""
    made = []
    for number in range(count):
        client, now = f"load-{number % CLIENTS}", 1000.0 + number / 1000
        content = {
            "v": 1, "seq": number // CLIENTS + 1, "client": client, "boot": "b", "at": now, "service": "load",
            "instance": client, "request": f"r{number}", "start": now - 0.01, "end": now,
            "metrics": {"confidence": 0.9}, "fields": {"prediction": 3, "probabilities": [0.123456] * 100},
        }  # fmt: skip
        payload = json.dumps(content, separators=(",", ":")).encode()
        made.append(Incoming(f"rohe/v1/s/report/load/{client}", payload, 1, False, number % 65535 + 1, 1))
    return made


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    arriving = messages(count)
    print(f"{count} reports of {len(arriving[0].payload)} bytes")
    with tempfile.TemporaryDirectory() as folder:
        store = AgentStore(Path(folder))
        intake, observer = Intake(store, "agent-0"), Observer(configuration())
        observer.resume(999.0)
        spent = {"intake": 0.0, "observer": 0.0, "commit": 0.0}
        began = time.process_time()
        for first in range(0, count, BATCH):
            batch = arriving[first : first + BATCH]
            t0 = time.process_time()
            intake_batch = intake.process(batch, 1000.0 + (first + BATCH) / 1000)
            t1 = time.process_time()
            for observer_input, report in intake_batch.inputs:
                if report is not None:
                    intake_batch.transaction.outcomes += observer.report(report, observer_input.at)
            t2 = time.process_time()
            store.write(intake_batch.transaction)
            t3 = time.process_time()
            spent["intake"] += t1 - t0
            spent["observer"] += t2 - t1
            spent["commit"] += t3 - t2
        whole = time.process_time() - began
        for name, seconds in spent.items():
            print(f"  {name:9} {seconds / count * 1e6:7.1f} us a report")
        print(f"  in all    {count / whole:7.0f} reports a second of processor time")
        t0 = time.process_time()
        state = encode_state(observer.state)
        decode_state(state)
        print(f"checkpoint of {len(state) / 1e6:.1f} MB written and read in {(time.process_time() - t0) * 1e3:.0f} ms")
        rows = sum(1 for _ in store.outcomes_after(0, 10**6))
        print(f"{rows} windows; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")
        assert msgspec.json.decode(arriving[0].payload)["seq"] == 1


if __name__ == "__main__":
    main()
