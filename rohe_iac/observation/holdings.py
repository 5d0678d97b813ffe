"""Holdings: how many reports an observer keeps in memory."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.observation.observer_state import ObserverState


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an observer keeps. A report counts for each place that it is kept in.

    Attributes:
        waiting: Reports that wait for a watermark, or for the other reports of their request.
        windows: Reports in windows.
        finished: Finished requests.
    """

    waiting: int
    windows: int
    finished: int


def holdings_of(state: ObserverState) -> Holdings:
    """Counts what an observer keeps, in a time that does not depend on how much it is."""
    waiting = sum(len(heap) for heap in state.waiting.values())
    newest = next(reversed(state.join.open.values()), None)
    waiting += len(state.join.open) * max(1, len(newest.reports) if newest is not None else 1)
    windows = 0
    kept = [objective.window for objective in state.objectives.values()]
    kept += [processor.window for processor in state.processors.values()]
    for window in kept:
        samples = window.samples
        # The samples of a window have about the same number of parts, which the newest one shows.
        windows += len(samples) * len(samples[-1].parts) if samples else 0
    return Holdings(waiting=waiting, windows=windows, finished=len(state.join.finished))
