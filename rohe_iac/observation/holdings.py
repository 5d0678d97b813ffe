"""Holdings: how many reports an observer keeps in memory."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from rohe_iac.observation.measuring.columns import COLUMN_BYTES, NUMBER_BYTES, POINTER_BYTES
from rohe_iac.observation.measuring.lane import BLOCK_SIZE
from rohe_iac.observation.measuring.pane import DIGEST_BYTES
from rohe_iac.observation.observer_state import ObserverState


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an observer keeps. A report counts for each place that it is kept in.

    Attributes:
        waiting: Reports that wait for a watermark, or for the other reports of their request.
        windows: Reports in windows; a sample counts once, however many objectives measure it.
        finished: Finished requests.
        window_bytes: Memory that the reports in windows take, also in those that wait for a user function.
    """

    waiting: int
    windows: int
    finished: int
    window_bytes: int = 0


def holdings_of(state: ObserverState) -> Holdings:
    """Counts what an observer keeps, in a time that does not depend on how much it is."""
    waiting = sum(len(heap) for heap in state.waiting.values())
    newest = next(reversed(state.join.open.values()), None)
    waiting += len(state.join.open) * max(1, len(newest.reports) if newest is not None else 1)
    windows = window_bytes = 0
    for lane in state.lanes.values():
        if lane.blocks:
            # The samples of a lane have about the same number of parts, which the newest one shows, and the same size.
            last = lane.blocks[-1]
            samples = (len(lane.blocks) - 1) * BLOCK_SIZE + len(last.times)
            record = sys.getsizeof(last.records[-1]) + POINTER_BYTES if last.records else 0
            windows += samples * len(lane.origins[last.origins[-1]])
            window_bytes += samples * (COLUMN_BYTES + NUMBER_BYTES * len(last.numbers))
            window_bytes += min(samples, lane.first + samples - lane.bare) * record
        for pane in lane.panes.panes:
            windows += pane.last - pane.first
            for digests in pane.digests:
                digest = next(iter(digests.values()), None)
                bins = len(digest.positive.counts) + len(digest.negative.counts) if digest is not None else 0
                window_bytes += len(digests) * (DIGEST_BYTES + 4 * bins)
    window_bytes += sum(len(call.rows) for processor in state.processors.values() for call in processor.calls)
    finished = sum(len(run.times) for run in state.join.finished.runs)
    return Holdings(waiting=waiting, windows=windows, finished=finished, window_bytes=window_bytes)
