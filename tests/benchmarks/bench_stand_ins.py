"""Response times of the cctvs example, stood in for on this machine, beside what its plan predicts.

Run it: python tests/benchmarks/bench_stand_ins.py [SECONDS] [LOAD]. It applies a copy of the example, waits, and takes
it away again. Stand-ins burn about 0.17 cores for each request a second, and two cores do not hold ten of them beside
other work: the load of a copy is 4/s unless another is named. Nothing is asserted here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import yaml

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.planning.sizing.pipeline import sizings_of
from rohe_iac.planning.sizing.response_times import slowest_path
from rohe_iac.usecases.plans.profile import load_profiles

CCTVS = Path(__file__).parents[2] / "examples" / "cctvs"
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 120
LOAD = sys.argv[2] if len(sys.argv) > 2 else "4/s"
WARM = 10
"""Seconds at the start that are not counted: lines are empty then."""
AGGREGATES = ("mean", "p99")


def prepared(folder: Path) -> Path:
    """A copy of the example with that load, and objectives on every service and on the whole."""
    root = folder / "cctvs"
    shutil.copytree(CCTVS, root)
    pipeline = root / "blueprints" / "pipeline.yaml"
    pipeline.write_text(pipeline.read_text().replace("load: 10/s", f"load: {LOAD}"))
    contract = root / "blueprints" / "contract.yaml"
    value = yaml.safe_load(contract.read_text())
    names = ["", *(service["name"] for service in yaml.safe_load(pipeline.read_text())["spec"]["services"])]
    for name in names:
        for aggregate in AGGREGATES:
            objective = {
                "name": f"told-{name or 'all'}-{aggregate}",
                "metric": "response_time",
                "aggregate": aggregate,
                "operator": "<=",
                "value": "600s",
                "window": {"size": f"{SECONDS}s", "every": "5s"},
                **({"scope": {"service": name}} if name else {}),
            }
            value["spec"]["objectives"].append(objective)
    contract.write_text(yaml.safe_dump(value, sort_keys=False))
    return root


def predicted(blueprint: Blueprint) -> dict[str, tuple[float, float]]:
    """Mean and p99 of each service and of the whole (""), in seconds, as sizing tells them."""
    found = {}
    means, above = {}, {}
    for address, sizing in sizings_of(blueprint, load_profiles(blueprint)[0]).items():
        name = address.rpartition(":")[2]
        found[name] = (sizing.queue.mean_response_time, sizing.queue.percentile(99))
        means[name] = (sizing.queue.mean_response_time, 0.0)
        above[name] = (sizing.queue.mean_response_time, found[name][1] - sizing.queue.mean_response_time)
    (pipeline,) = blueprint.pipelines
    found[""] = (slowest_path(pipeline, means)[0], slowest_path(pipeline, above)[0])
    return found


def quietly(rohe: Path, command: str, root: Path) -> None:
    """Runs the command; SystemExit with what it said where it fails."""
    done = subprocess.run([rohe, command, "--yes"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"rohe {command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def measured(rohe: Path, root: Path) -> dict[str, Any]:
    """Of each objective by name: value and how many it is of."""
    told = subprocess.run([rohe, "observe", "-o", "json"], cwd=root, capture_output=True, text=True, check=True)
    return {item["objective"]: item for agent in json.loads(told.stdout)["agents"] for item in agent["objectives"]}


def main() -> None:
    """Prints predicted and measured response times."""
    rohe = Path(sys.executable).parent / "rohe"
    with tempfile.TemporaryDirectory(prefix="rohe-") as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        root = prepared(folder)
        told = predicted(load(root))
        quietly(rohe, "apply", root)
        try:
            time.sleep(WARM)
            psutil.cpu_percent()
            time.sleep(SECONDS + WARM)
            busy = psutil.cpu_percent()
            found = measured(rohe, root)
        finally:
            quietly(rohe, "destroy", root)
    print(f"cctvs at {LOAD} for {SECONDS} s; this machine was {busy:.0f}% busy")
    for service, (mean, p99) in told.items():
        row = [f"{service or 'the whole way'}:"]
        for aggregate, expected in zip(AGGREGATES, (mean, p99), strict=True):
            item = found[f"told-{service or 'all'}-{aggregate}"]
            value = item["value"]
            row.append(
                f"{aggregate} predicted {expected * 1000:.0f} ms, measured {value * 1000:.0f} ms"
                f" ({value / expected - 1:+.1%} of {item['count']})"
                if value is not None
                else f"{aggregate} predicted {expected * 1000:.0f} ms, nothing measured"
            )
        print(row[0], "; ".join(row[1:]))


if __name__ == "__main__":
    main()
