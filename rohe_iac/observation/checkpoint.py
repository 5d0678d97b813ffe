"""Checkpoint: an observer's state in two parts: what does not change any more, written once, and a small rest.

Full blocks of lanes and runs of finished requests are segments: each is handed out once, when it is full. A checkpoint
has all the rest, and says from which segment on it needs them, so that its size does not depend on how much is in
windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from rohe_iac.observation.measuring.columns import Block, decode_column
from rohe_iac.observation.measuring.lane import BLOCK_SIZE, LaneState
from rohe_iac.observation.measuring.pane import Pane
from rohe_iac.observation.observer_state import ObserverState, decode_state, encode_state
from rohe_iac.observation.reports.finished import Run

FINISHED = "finished requests"
"""Name of the segments that hold finished requests; those of lanes have the names of lanes."""

_BLOCK = msgspec.msgpack.Decoder(Block, dec_hook=decode_column)
_PANE = msgspec.msgpack.Decoder(Pane, dec_hook=decode_column)
_RUN = msgspec.msgpack.Decoder(Run)


class Segment(msgspec.Struct, frozen=True):
    """A part of a state that does not change any more.

    Attributes:
        name: What it belongs to.
        number: Its place among the segments of that name; later ones have larger numbers.
        content: Its bytes.
    """

    name: str
    number: int
    content: bytes


class Checkpoint(msgspec.Struct, frozen=True):
    """A state without its segments.

    Attributes:
        content: Bytes of the state.
        needed: Number of the first segment that it needs, by name.
    """

    content: bytes
    needed: dict[str, int]


def checkpoint_of(state: ObserverState) -> Checkpoint:
    """Returns a state without the segments that have been handed out so far."""
    needed = {name: lane.first for name, lane in state.lanes.items()}
    finished = state.join.finished
    needed |= {panes_of(name): lane.panes.needed for name, lane in state.lanes.items()}
    needed[FINISHED] = finished.first
    rest = msgspec.structs.replace(
        state,
        lanes={name: _without_stored(lane) for name, lane in state.lanes.items()},
        join=msgspec.structs.replace(state.join, finished=finished.without_stored()),
    )
    return Checkpoint(encode_state(rest), needed)


def _without_stored(lane: LaneState) -> LaneState:
    stored = max(0, lane.stored - lane.first) // BLOCK_SIZE
    return msgspec.structs.replace(lane, blocks=lane.blocks[stored:], panes=lane.panes.without_stored())


def panes_of(name: str) -> str:
    """Returns the name of the segments that hold the panes of a lane."""
    return f"panes of {name}"


def restored(content: bytes, segments_of: Callable[[str], Mapping[int, bytes]]) -> ObserverState:
    """Returns the state of a checkpoint.

    Args:
        content: Bytes of the state.
        segments_of: Returns the segments of a name by number; some may be of later than the checkpoint.

    Raises:
        msgspec.DecodeError: The bytes are of another form, or a segment is missing.
    """
    state = decode_state(content)
    for name, lane in state.lanes.items():
        numbers = range(lane.first, lane.stored, BLOCK_SIZE)
        found = segments_of(name) if numbers else {}
        blocks = _all_of(name, numbers, found)
        lane.blocks[:0] = [
            _block_of(content, bare=number < lane.bare) for number, content in zip(numbers, blocks, strict=True)
        ]
        panes = lane.panes
        if panes.first < panes.stored:
            kept = sorted(segments_of(panes_of(name)).items())
            panes.panes[:0] = [_PANE.decode(pane) for number, pane in kept if panes.first <= number < panes.stored]
            firsts = [*(pane.first for pane in panes.panes), lane.first]
            if firsts != [panes.first, *(pane.last for pane in panes.panes)]:
                raise msgspec.DecodeError(f"a pane of {name} is missing")
    finished = state.join.finished
    numbers = range(finished.first, finished.stored)
    runs = _all_of(FINISHED, numbers, segments_of(FINISHED) if numbers else {})
    finished.runs[:0] = [_RUN.decode(run) for run in runs]
    return state


def _block_of(content: bytes, *, bare: bool) -> Block:
    block = _BLOCK.decode(content)
    if bare:
        block.records = []  # it may have been stored before its records were dropped
    return block


def _all_of(name: str, numbers: Iterable[int], found: Mapping[int, bytes]) -> list[bytes]:
    missing = [number for number in numbers if number not in found]
    if missing:
        raise msgspec.DecodeError(f"segment {missing[0]} of {name} is missing")
    return [found[number] for number in numbers]
