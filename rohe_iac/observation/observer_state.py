"""Observer state: everything that an observer remembers, as bytes of a checkpoint and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from rohe_iac.observation.counters import Counters
from rohe_iac.observation.judging.degrading import DegradeState
from rohe_iac.observation.judging.objective_evaluator import ObjectiveState
from rohe_iac.observation.judging.processing import ProcessorState
from rohe_iac.observation.measuring.columns import decode_column, encode_column
from rohe_iac.observation.measuring.lane import LaneState
from rohe_iac.observation.measuring.report_lanes import Waiting
from rohe_iac.observation.reports.joining import JoinState
from rohe_iac.observation.reports.watermark_state import WatermarkState

FORM = 5
"""Version of the form of an observer's state."""


class ObserverState(msgspec.Struct, kw_only=True):
    """Everything that an observer remembers.

    Attributes:
        watermark: State of the watermark.
        join: State of the request join.
        degrading: State of the degrade policy.
        counters: Counters.
        waiting: Reports that wait for the watermark of their group, by name of the lane.
        lanes: Samples in windows, by name of the lane.
        objectives: States of the objectives by `CONTRACT/OBJECTIVE`.
        processors: States of the processors by `CONTRACT/INDEX`.
        looked: When it was last looked whether objectives hear anything (seconds since the epoch).
        form: Version of the form; a state of another form is not read.
    """

    form: Annotated[int, msgspec.Meta(ge=FORM, le=FORM)]
    watermark: WatermarkState
    join: JoinState
    degrading: DegradeState
    counters: Counters
    waiting: dict[str, list[Waiting]] = {}
    lanes: dict[str, LaneState] = {}
    objectives: dict[str, ObjectiveState] = {}
    processors: dict[str, ProcessorState] = {}
    looked: float = 0.0


def encode_state(state: ObserverState) -> bytes:
    """Encodes the state as MessagePack."""
    return msgspec.msgpack.encode(state, enc_hook=encode_column)


def decode_state(content: bytes) -> ObserverState:
    """Decodes the bytes of `encode_state`.

    Raises:
        msgspec.DecodeError: The bytes are of another form.
    """
    return msgspec.msgpack.decode(content, type=ObserverState, dec_hook=decode_column)


def new_state() -> ObserverState:
    """Returns the state of an observer that has observed nothing."""
    return ObserverState(
        form=FORM, watermark=WatermarkState(), join=JoinState(), degrading=DegradeState(), counters=Counters()
    )


def carried_over(state: ObserverState, instances: Iterable[str]) -> ObserverState:
    """Returns the state to begin with when something else is observed: what arrived is known, and windows are empty.

    Without the sequence numbers, all reports before would count as missing.

    Args:
        state: State of the observer before.
        instances: Names of the planned instances; planned ones that are gone are forgotten.
    """
    before, known = state.watermark, {*instances, *state.watermark.groups}
    clients = {name: clock for name, clock in before.clients.items() if name in known}
    begun = new_state()
    begun.watermark = WatermarkState(clients=clients, missing=before.missing)
    begun.counters = state.counters
    return begun
