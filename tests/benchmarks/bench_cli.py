"""How long the command line takes to answer: figures that are printed and never asserted.

Every figure is the median of runs in fresh interpreters. The commands take turns, so that a machine that is busy for a
while is busy for all of them; the ratio means something even then, the seconds only on a machine at rest.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 15
ROHE = str(Path(sys.executable).parent / "rohe")
BARE = "import typer, rich, pydantic"
COMMANDS = {
    BARE: [sys.executable, "-c", BARE],
    "rohe --help": [ROHE, "--help"],
    "rohe plan of the digits example": [ROHE, "-C", "examples/digits", "plan"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one run, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measures and prints."""
    for command in COMMANDS.values():
        seconds(command)  # the files are in memory afterwards, for all alike
    rounds = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(taken[name] for taken in rounds) for name in COMMANDS}
    ratio = medians["rohe --help"] / medians[BARE]
    print(f"medians of {ROUNDS} rounds, each run in a fresh interpreter")
    for name, median in medians.items():
        print(f"  {name:<34} {median * 1000:6.0f} ms")
    print(f"rohe --help takes {ratio:.2f} times as long as the bare imports (aim: at most 1.30)")
    print("rohe plan of the digits example: aim under 1000 ms")


if __name__ == "__main__":
    main()
