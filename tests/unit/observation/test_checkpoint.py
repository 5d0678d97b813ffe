"""Checkpoints: small whatever is in windows, and with the segments the whole state."""

from __future__ import annotations

import msgspec
import pytest
from objective_specs import objective_spec

from rohe_iac.observation.checkpoint import Segment, checkpoint_of, restored
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec
from rohe_iac.observation.measuring.columns import encode_column
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import encode_state
from rohe_iac.observation.reports.report import Report

HOUR = WindowSpec(size_seconds=3600.0, every_seconds=3600.0)
CONFIGURATION = Configuration(
    stack="s",
    pipeline="p",
    agent="a",
    services=(ServiceSpec(name="s"),),
    instances=(Instance(instance="s-0", topic="s", service="s"),),
    contracts=(
        AgentContract(
            name="c",
            lateness=1.0,
            objectives=(
                objective_spec(name="parts", metric="x", scope=ScopeSpec(service="s"), window=HOUR),
                objective_spec(name="whole", metric="response_time", window=HOUR),
            ),
        ),
    ),
)


def feed(observer: Observer, first: int, last: int, segments: dict[tuple[str, int], Segment]) -> None:
    """Gives reports to an observer, and keeps its segments as a store does."""
    for seq in range(first, last):
        at = 7200.0 + seq / 100
        report = Report(
            client="s-0", boot="b", seq=seq, at=at, service="s", instance="s-0", request=f"r{seq}", start=at - 0.1,
            end=at, metrics={"x": float(seq), "unused": 1.0}, fields={"text": "y" * 1000},
        )  # fmt: skip
        observer.report(report, at)
        if seq % 50 == 0:
            segments |= {(segment.name, segment.number): segment for segment in observer.take_segments()}


def reader(segments: dict[tuple[str, int], Segment]) -> dict[str, dict[int, bytes]]:
    found: dict[str, dict[int, bytes]] = {}
    for segment in segments.values():
        found.setdefault(segment.name, {})[segment.number] = segment.content
    return found


def test_a_checkpoint_does_not_grow_with_what_is_in_windows() -> None:
    observer, segments = Observer(CONFIGURATION), dict[tuple[str, int], Segment]()
    observer.resume(7200.0)
    feed(observer, 1, 3001, segments)
    few = checkpoint_of(observer.state)
    feed(observer, 3001, 12001, segments)
    many = checkpoint_of(observer.state)
    assert len(many.content) < 1.5 * len(few.content) < 300_000
    assert len(encode_state(observer.state)) > 3 * len(many.content)


def test_a_checkpoint_with_its_segments_is_the_state_and_goes_on_alike() -> None:
    observer, segments = Observer(CONFIGURATION), dict[tuple[str, int], Segment]()
    observer.resume(7200.0)
    feed(observer, 1, 4001, segments)
    checkpoint = checkpoint_of(observer.state)
    later = dict(segments)
    feed(observer, 4001, 5001, later)  # segments after the checkpoint are left aside
    again = Observer(CONFIGURATION, restored(checkpoint.content, lambda name: reader(later).get(name, {})))
    feed(again, 4001, 5001, segments)
    for one, stored in ((again, segments), (observer, later)):
        assert one.tick(7251.0) == []
        stored |= {(segment.name, segment.number): segment for segment in one.take_segments()}
    lanes, lanes_again = (msgspec.msgpack.encode(one.state.lanes, enc_hook=encode_column) for one in (observer, again))
    assert lanes_again == lanes
    assert {key: segments[key] for key in later} == later, "what was stored after the checkpoint is stored again"
    assert again.shed(7300.0) == observer.shed(7300.0)


def test_a_missing_segment_is_no_state() -> None:
    observer, segments = Observer(CONFIGURATION), dict[tuple[str, int], Segment]()
    observer.resume(7200.0)
    feed(observer, 1, 4001, segments)
    with pytest.raises(msgspec.DecodeError, match=r"segment 0 of .* is missing"):
        restored(checkpoint_of(observer.state).content, lambda _: {})
