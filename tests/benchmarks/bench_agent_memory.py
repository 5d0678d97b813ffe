"""How much memory an agent takes for one report in a window: while it runs, and restarted from a checkpoint.

Run it as `python tests/benchmarks/bench_agent_memory.py`. Each figure comes from a process of its own, because a
process does not give all freed memory back. docs/sizing.md and blueprint/linked/agent_memory.py use the figures.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import decode_state, encode_state
from rohe_iac.observation.reports.report import decode_report

REPORTS = 60_000

FIELDS: dict[str, dict[str, Any]] = {
    "small": {"prediction": 3},
    "usual": {"prediction": 3, "probabilities": [0.1234567890123] * 10},
    "large": {"prediction": 3, "text": "y" * 1500},
}


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def configuration() -> Configuration:
    """One window that never closes."""
    objective = ObjectiveSpec(
        name="o", metric="confidence", window=WindowSpec(size_seconds=1e6, every_seconds=1e6), aggregate="p99",
        scope=ScopeSpec(service="s"), operator="<=", low=1, high=1, min_samples=1, missing="freeze",
    )  # fmt: skip
    return Configuration(
        stack="s",
        pipeline="p",
        agent="a",
        services=(ServiceSpec(name="s"),),
        instances=(Instance(instance="s-0", topic="s", service="s"),),
        contracts=(AgentContract(name="c", lateness=2.0, objectives=(objective,)),),
    )


def payload(number: int, kind: str) -> bytes:
    at = 1000.0 + number / 1000
    content = {
        "v": 1, "seq": number + 1, "client": "s-0", "boot": "b", "at": at, "service": "s", "instance": "s-0",
        "pipeline": "p", "node": "n1", "request": f"18f0a-{number}", "start": at - 0.01, "end": at,
        "metrics": {"confidence": 0.93}, "fields": FIELDS[kind],
    }  # fmt: skip
    return json.dumps(content, separators=(",", ":")).encode()


def run(kind: str, file: Path) -> None:
    """Prints the size of a report and the memory that one takes in a running agent."""
    observer = Observer(configuration())
    observer.resume(999.0)
    before = resident()
    for number in range(REPORTS):
        observer.report(decode_report(payload(number, kind)), 1000.0 + number / 1000)
    print(
        f"{kind}: {len(payload(0, kind))} bytes; running {(resident() - before) / REPORTS:.0f} bytes a report", end=""
    )
    file.write_bytes(encode_state(observer.state))


def restart(file: Path) -> None:
    """Prints the memory that a report takes after a restart."""
    gc.collect()
    before = resident()
    state = decode_state(file.read_bytes())
    gc.collect()
    held = resident() - before
    print(f"; restarted {held / REPORTS:.0f} bytes a report ({state.counters.reports} reports)")


def main() -> None:
    if len(sys.argv) == 3:
        run(sys.argv[1], Path(sys.argv[2]))
    elif len(sys.argv) == 2:
        restart(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/state"
            for kind in FIELDS:
                subprocess.run([sys.executable, __file__, kind, file], check=True)
                subprocess.run([sys.executable, __file__, file], check=True)


if __name__ == "__main__":
    main()
