"""Holdings: how many reports an observer keeps in memory."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.observation.measuring.lane import BLOCK_SIZE
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
    for lane in state.lanes.values():
        if lane.blocks:
            # The samples of a lane have about the same number of parts, which the newest one shows.
            parts = len(lane.origins[lane.blocks[-1].origins[-1]])
            windows += parts * ((len(lane.blocks) - 1) * BLOCK_SIZE + len(lane.blocks[-1].times))
    return Holdings(waiting=waiting, windows=windows, finished=sum(len(run.times) for run in state.join.finished.runs))
