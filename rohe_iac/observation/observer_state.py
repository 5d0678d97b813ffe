"""Observer state: everything that an observer remembers, as bytes of a checkpoint and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from rohe_iac.observation.counters import Counters
from rohe_iac.observation.judging.degrading import DegradeState
from rohe_iac.observation.judging.objective_evaluator import ObjectiveState
from rohe_iac.observation.judging.processing import ProcessorState
from rohe_iac.observation.reports.joining import JoinState
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.watermark import WatermarkState

FORM = 2
"""Version of the form of an observer's state."""


class ObserverState(msgspec.Struct, kw_only=True):
    """Everything that an observer remembers.

    Attributes:
        watermark: State of the watermark.
        join: State of the request join.
        degrading: State of the degrade policy.
        counters: Counters.
        waiting: Reports after the watermark of their group, by group, each a heap of (event time, key, number, report).
        objectives: States of the objectives by `CONTRACT/OBJECTIVE`.
        processors: States of the processors by `CONTRACT/INDEX`.
        form: Version of the form; a state of another form is not read.
    """

    form: Annotated[int, msgspec.Meta(ge=FORM, le=FORM)]
    watermark: WatermarkState
    join: JoinState
    degrading: DegradeState
    counters: Counters
    waiting: dict[str, list[tuple[float, str, int, Report]]] = {}
    objectives: dict[str, ObjectiveState] = msgspec.field(default_factory=dict, name="lanes")
    processors: dict[str, ProcessorState] = {}


def encode_state(state: ObserverState) -> bytes:
    """Encodes the state as MessagePack."""
    return msgspec.msgpack.encode(state)


def decode_state(content: bytes) -> ObserverState:
    """Decodes the bytes of `encode_state`.

    Raises:
        msgspec.DecodeError: The bytes are of another form.
    """
    return msgspec.msgpack.decode(content, type=ObserverState)


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
