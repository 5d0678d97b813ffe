"""Functions: how the user functions of an agent fare, and what of that a person should look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rohe_iac.agent.health.record import FunctionHealth, HealthWarning
from rohe_iac.foundation.quantities import counted
from rohe_iac.observation.judging.processing import Processor

RECENT = 60.0
"""Seconds since a window was skipped within which that is a warning."""


def function_health(processors: Iterable[Processor]) -> list[FunctionHealth]:
    """Returns how the functions of processors fare."""
    return [
        FunctionHealth(
            function=processor.spec.function,
            contract=processor.contract,
            waiting=len(processor.state.calls),
            skipped=processor.state.skipped,
            skipped_at=processor.state.skipped_at,
            failed=processor.state.total_failures,
            failures=processor.state.consecutive_failures,
            why=processor.state.last_error,
            paused_until=processor.state.paused_until,
        )
        for processor in processors
    ]


def function_warnings(functions: Iterable[FunctionHealth], now: float) -> Iterator[HealthWarning]:
    """Yields which functions go on failing, and which skip windows, at `now` (seconds since the epoch)."""
    for found in functions:
        name = f"user function {found.function} of contract {found.contract}"
        skipped = f"{counted(found.skipped, 'window')} skipped so far"
        if found.failures > 1:
            pause = max(0.0, found.paused_until - now)
            yield HealthWarning(
                kind="function",
                text=f"{name} failed {found.failures} times in a row, and is not called for {pause:.0f} s: {found.why};"
                f" {skipped}",
                next="correct the function: what it prints is in the agent's log (rohe logs agent/PIPELINE)",
            )
        elif found.skipped_at and abs(now - found.skipped_at) < RECENT:
            yield HealthWarning(
                kind="function",
                text=f"{name} does not keep up with its windows: {skipped}",
                next="make the function faster, or its windows larger or fewer (`every`)",
            )
