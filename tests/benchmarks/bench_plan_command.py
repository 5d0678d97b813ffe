"""What `rohe plan` of a fleet takes, with and without a plan file, against PyYAML writing the same documents.

The fleet is that of examples/fleet: 5,000 nodes and 10,000 replicas. Each run is a process of its own, start of Python
included. The processor time means something on a busy machine too, the wall time only on one at rest.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROHE = str(Path(sys.executable).parent / "rohe")
ROUNDS = 1 if "--once" in sys.argv else 5
BASELINE = "PyYAML's C emitter, the manifests alone"


def run(command: list[str]) -> tuple[float, float, float]:
    """Processor seconds and wall seconds of a command, and the most memory that it held, in MB of 2**20 bytes."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0, command
    return used.ru_utime + used.ru_stime, time.perf_counter() - start, used.ru_maxrss / 1024


def baseline(folder: Path) -> None:
    """Prints the processor time that PyYAML takes to write the documents of a folder, which are read before."""
    texts = [path.read_text() for path in sorted(folder.rglob("*.yaml"))]
    documents = [yaml.load(text, yaml.CSafeLoader) for text in texts]
    start = time.process_time()
    for document in documents:
        yaml.dump(document, Dumper=yaml.CSafeDumper, width=2**31 - 1)
    print(time.process_time() - start)


def main() -> None:
    """Prints the medians, in turns, so that what else the machine does falls on all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "fleet"
        os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
        subprocess.run([sys.executable, str(ROOT / "examples/fleet/generate.py"), str(folder)], check=True)
        plan = [ROHE, "-C", str(folder), "plan"]
        commands = {
            "rohe plan": plan,
            "rohe plan --out fleet.plan": [*plan, "--out", "fleet.plan"],
            "rohe plan --out fleet.plan.gz": [*plan, "--out", "fleet.plan.gz"],
            "rohe show fleet.plan.gz": [ROHE, "-C", str(folder), "show", "fleet.plan.gz"],
        }
        run([ROHE, "-C", str(folder), "render", "--out", "manifests"])
        rounds: dict[str, list[tuple[float, float, float]]] = {title: [] for title in commands}
        emitted = []
        for _ in range(ROUNDS):
            for title, command in commands.items():
                rounds[title].append(run(command))
            emitted.append(float(subprocess.check_output([sys.executable, __file__, str(folder / "manifests")])))
        sizes = {path.name: path.stat().st_size / 2**20 for path in folder.glob("fleet.plan*")}
    base = statistics.median(emitted)
    print(f"plan command: fleet of 5,000 nodes and 10,000 replicas, medians of {ROUNDS}")
    for title, taken in rounds.items():
        spent, wall, most = (statistics.median(values) for values in zip(*taken, strict=True))
        figures = f"{spent:5.2f} s of processor time, {wall:5.2f} s wall, {most:4.0f} MB, ratio {spent / base:.2f}"
        print(f"  {title:<42} {figures}")
    print(f"  {BASELINE:<42} {base:5.2f} s of processor time")
    print("  " + ", ".join(f"{title} {size:.1f} MiB" for title, size in sorted(sizes.items())))


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if not word.startswith("--")]
    baseline(Path(named[0])) if named else main()
