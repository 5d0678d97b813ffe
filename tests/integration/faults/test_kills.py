"""Agent and broker killed again and again under load: nothing is lost or counted twice, and every window is right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_stage import begin, end_and_compare, go_on, truthful_configuration
from observed_brokers import RunningBroker
from observed_stage import Stage

pytestmark = pytest.mark.broker


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, truthful_configuration(3))
    yield stage
    stage.end()


@pytest.mark.parametrize(
    ("victims", "times"),
    [
        (("agent", "broker"), 3),
        pytest.param(("agent",), 20, marks=pytest.mark.soak),
        pytest.param(("broker",), 20, marks=pytest.mark.soak),
        pytest.param(("agent", "broker"), 20, marks=pytest.mark.soak),
    ],
    ids=lambda value: "and".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_is_killed_at_random_loses_and_repeats_nothing(stage: Stage, victims: tuple[str, ...], times: int) -> None:
    chance = random.Random(times)
    begin(stage)
    for _ in range(times):
        go_on(stage, chance.uniform(0.1, 1.5))
        if "agent" in victims:
            stage.kill_agent()
        if "broker" in victims:
            stage.broker.kill()
        go_on(stage, chance.uniform(0.0, 0.7))
        if "broker" in victims:
            stage.broker.start()
        if "agent" in victims:
            stage.start_agent()
    go_on(stage, 2)
    end_and_compare(stage)
