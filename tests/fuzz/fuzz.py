"""Fuzzes one target with atheris: `python tests/fuzz/fuzz.py TARGET SECONDS CORPUS... [-libFuzzer=option]`.

Seconds are of the processor. New inputs that reach new code are kept in the first corpus folder; an input that ends in
an exception is written where `-artifact_prefix=` says, and the program ends with 77.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))

with atheris.instrument_imports(include=["rohe_iac"]):
    from fuzz_targets import LONGEST, TARGETS

    import rohe_iac.observation.measuring.expression
    import rohe_iac.planning.questions.what_if.edit
    import rohe_iac.usecases.authoring.import_  # noqa: F401 - so that it is instrumented

from fuzz_mutations import mutate_input


def main() -> None:
    """Fuzzes until the time is used up."""
    name, seconds = sys.argv[1], float(sys.argv[2])
    target = TARGETS[name]
    count = 0
    outcomes: dict[str, int] = {}

    def run_target(data: bytes) -> None:
        nonlocal count
        outcome = target(data)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        count += 1
        if time.process_time() > seconds:
            print(f"{name}: {count} inputs in {time.process_time():.0f} s of the processor: {outcomes}", flush=True)
            os._exit(0)  # the fuzzer itself knows wall time only

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        return mutate_input(data, longest, seed, lambda given: atheris.Mutate(given, longest))

    atheris.Setup([sys.argv[0], f"-max_len={LONGEST}", *sys.argv[3:]], run_target, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
