"""Heartbeats: what the states of clients say to the observer, without those that say nothing new."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rohe_iac.agent.inputs import heartbeat_input, promise_input
from rohe_iac.agent.intake.client_state import ClientState
from rohe_iac.observation.reports.client_clock import DEFAULT_INTERVAL
from rohe_iac.sinks.observer_input import InputKind, ObserverInput

MIN_DISTANCE = 0.9
"""Seconds since a client was heard within which a heartbeat of it is not worth to be stored."""


class Heartbeats:
    """Decides which states become inputs of the observer; remembers the heartbeats of the last MIN_DISTANCE seconds."""

    def __init__(self) -> None:
        self._taken: dict[str, float] = {}

    def inputs(
        self,
        content: ClientState,
        before: ClientState,
        client: str,
        now: float,
        monotonic: float,
        heard: float,
        *,
        retained: bool,
    ) -> Iterator[ObserverInput]:
        """Yields the inputs that a state makes.

        Args:
            content: The state.
            before: The state of the client before; empty where there is none.
            client: Client that it is of.
            now: Present time (seconds since the epoch).
            monotonic: Present time by the monotonic clock (seconds).
            heard: When the client last reported (by the monotonic clock); infinity where its heartbeats do not matter.
            retained: Whether the broker had retained the state: it is of another time then, and only says what kind of
                client this is.
        """
        was_online = before.get("state") == "online"
        if content["state"] != "online":
            self._taken.pop(client, None)
            if was_online:
                yield ObserverInput(InputKind.STOP if content["state"] == "stopped" else InputKind.LOST, now, client)
            return
        known = was_online and before.get("boot") == content["boot"]
        interval = content.get("interval", DEFAULT_INTERVAL)
        up_to = 0.0 if retained else content.get("complete_up_to", 0.0)
        if "complete_up_to" in content and (up_to > 0 or not known):
            yield promise_input(now, client, up_to, interval)
        if not up_to and not retained and monotonic - max(heard, self._taken.get(client, -math.inf)) >= MIN_DISTANCE:
            # The one that was taken last is at the end; those before it that hold nothing back any more are forgotten.
            self._taken.pop(client, None)
            self._taken[client] = monotonic
            while monotonic - next(iter(self._taken.values())) >= MIN_DISTANCE:
                del self._taken[next(iter(self._taken))]
            yield heartbeat_input(now, client, interval)
