"""The echo of heartbeats: a broker that brings none back is noticed, and a stall of the agent is none of the broker."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rohe_iac.transports import echo as listening
from rohe_iac.transports.echo import PATIENCE, Echo


class Scene:
    """An echo with a clock of its own, and what it told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(listening, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.told: list[str] = []
        self.echo = Echo(self.told.append)
        self.echo.check()
        self.echo.change("up")

    def pass_time(self, seconds: float, step: float = 0.1) -> None:
        for _ in range(round(seconds / step)):
            self.now += step
            self.echo.check()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_a_broker_that_brings_no_heartbeat_back_is_away_until_it_does(scene: Scene) -> None:
    scene.echo.send()
    scene.echo.hear()
    scene.pass_time(60.0)
    assert scene.told == ["up"], "nothing was sent that could come back"
    scene.echo.send()
    scene.pass_time(PATIENCE - 0.2)
    assert not scene.echo.silent
    scene.pass_time(0.5)
    assert scene.echo.silent
    scene.pass_time(5.0)
    scene.echo.hear()
    assert scene.told == ["up", "behind", "up"]


def test_a_stall_of_the_agent_is_no_silence_of_the_broker(scene: Scene) -> None:
    scene.echo.hear()
    scene.echo.send()
    scene.pass_time(60.0, step=60.0)
    assert scene.told == ["up"]


def test_an_agent_that_hears_no_echo_at_all_notices_nothing(scene: Scene) -> None:
    scene.echo.send()
    scene.pass_time(60.0)
    assert scene.told == ["up"]


def test_a_connection_begins_anew(scene: Scene) -> None:
    scene.echo.hear()
    scene.echo.send()
    scene.pass_time(PATIENCE + 1.0)
    scene.echo.change("down")
    scene.echo.change("up")
    scene.pass_time(60.0)
    assert scene.told == ["up", "behind", "down", "up"]
