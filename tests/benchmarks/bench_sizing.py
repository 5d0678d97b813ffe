"""How well the slowdown of a shared node is told: each service left out once, against one constant for all.

Run it: python tests/benchmarks/bench_sizing.py [FOLDER]. FOLDER (or ROHE_SPE2024) is a run of the published study's CSV
files; without it the profiles of the examples, made of run 0, say the same but for rounding. Nothing is asserted here.
"""

from __future__ import annotations

import math
import os
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rohe_iac.planning.sizing.interference import Loads, Slowdown, fit_interference
from rohe_iac.planning.sizing.profile import Profile
from rohe_iac.planning.sizing.profile_yaml import read_profile
from rohe_iac.usecases.plans.profile import profile_folder

EXAMPLES = Path(__file__).parents[2] / "examples"
SHUFFLES = 1000

Known = tuple[str, Loads, Slowdown]
Told = Callable[[Sequence[Known], Loads], Slowdown]


def constant(known: Sequence[Known], loads: Loads) -> Slowdown:
    """The baseline: the mean slowdown of the others."""
    return Slowdown(
        math.fsum(item.mean for _, _, item in known) / len(known),
        math.fsum(item.p99 for _, _, item in known) / len(known),
    )


def learned(known: Sequence[Known], loads: Loads) -> Slowdown:
    """What `rohe profile` does: the slowdown by the loads of the cores, learned of the others."""
    return fit_interference([item for _, item, _ in known], [item for _, _, item in known]).slowdown(loads)


def errors(known: Sequence[Known], told: Told) -> list[tuple[float, float]]:
    """Relative errors of the shared mean and p99 of each service, told from all the others."""
    found = []
    for number, (_, loads, real) in enumerate(known):
        guess = told([*known[:number], *known[number + 1 :]], loads)
        found.append((abs(guess.mean / real.mean - 1), abs(guess.p99 / real.p99 - 1)))
    return found


def line(name: str, found: Sequence[tuple[float, float]]) -> str:
    means, tails = [one for one, _ in found], [one for _, one in found]
    return (
        f"{name:24} mean {100 * sum(means) / len(means):5.1f} % (worst {100 * max(means):4.1f} %)"
        f"   p99 {100 * sum(tails) / len(tails):5.1f} % (worst {100 * max(tails):4.1f} %)"
    )


def profiles(arguments: Sequence[str]) -> tuple[str, Sequence[Profile]]:
    """Where they are from, and the profiles."""
    folder = arguments[0] if arguments else os.environ.get("ROHE_SPE2024", "")
    if folder:
        return folder, profile_folder(Path(folder)).profiles
    paths = [path for name in ("bts", "cctvs", "kpi") for path in sorted((EXAMPLES / name / "profiles").glob("*.yaml"))]
    return "the examples' profiles", [read_profile(path.read_text(), path.name) for path in paths]


def main(arguments: Sequence[str]) -> None:
    origin, found = profiles(arguments)
    known = [
        (profile.service, profile.loads, profile.slowdown)
        for profile in found
        if profile.loads is not None and profile.slowdown is not None
    ]
    if len(known) < 3:
        print(f"sizing: not measured, {origin} has {len(known)} services measured alone and shared")
        return
    ours = errors(known, learned)
    print(f"sizing: shared from alone, each of {len(known)} services left out once; {origin}")
    print(line("  one constant factor", errors(known, constant)))
    print(line("  by load of the cores", ours))
    for (name, _, real), (mean, tail) in zip(known, ours, strict=True):
        print(
            f"    {name[:40]:40} x{real.mean:.2f} off {100 * mean:4.1f} %   p99 x{real.p99:.2f} off {100 * tail:4.1f} %"
        )
    # With so few services chance does well at times: how often do shuffled slowdowns look as predictable?
    generator = random.Random(7)
    reached = sum(one + other for one, other in ours)
    lucky = 0
    for _ in range(SHUFFLES):
        mixed = [item for _, _, item in known]
        generator.shuffle(mixed)
        shuffled = [(name, loads, item) for (name, loads, _), item in zip(known, mixed, strict=True)]
        lucky += sum(one + other for one, other in errors(shuffled, learned)) <= reached
    print(f"  by chance: {lucky} of {SHUFFLES} shuffles of the slowdowns are told as well")
    print(f"  weights: {fit_interference([item for _, item, _ in known], [item for _, _, item in known])}")


if __name__ == "__main__":
    main(sys.argv[1:])
