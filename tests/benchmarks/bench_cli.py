"""How long the command line takes to answer: figures that are printed and never asserted.

Every figure is the median of runs in fresh interpreters, one after the other on a machine that should be at rest.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 15
ROHE = str(Path(sys.executable).parent / "rohe")
BARE = "import typer, rich, pydantic"


def seconds(command: list[str]) -> float:
    """Wall time of `command`, started once to warm the file cache and then RUNS times: the median, in seconds."""
    taken = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])


def main() -> None:
    """Measures and prints."""
    bare = seconds([sys.executable, "-c", BARE])
    told = seconds([ROHE, "--help"])
    plan = seconds([ROHE, "-C", "examples/digits", "plan"])
    doctor = seconds([ROHE, "doctor"])
    print(f"medians of {RUNS} runs, each in a fresh interpreter")
    print(f"{BARE:<40} {bare * 1000:7.0f} ms")
    print(f"{'rohe --help':<40} {told * 1000:7.0f} ms   {told / bare:.2f} times the bare imports (aim: 1.3)")
    print(f"{'rohe plan of the digits example':<40} {plan * 1000:7.0f} ms   (aim: 1000)")
    print(f"{'rohe doctor':<40} {doctor * 1000:7.0f} ms")


if __name__ == "__main__":
    main()
