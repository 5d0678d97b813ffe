"""Unplanned clients: those of the pipeline that its plan does not know, as their states tell them from all others."""

from __future__ import annotations

import msgspec

from rohe_iac.agent.intake.known_numbers import MAX_CLIENTS
from rohe_iac.observation.configuration import Configuration

ENDED_SECONDS = 60.0
"""Seconds from the end of a client until it is forgotten: one that starts anew meanwhile moves no share, and the agent
that hears it takes in what it said last."""


class _Said(msgspec.Struct):
    """What a state says of where its sender belongs; `health` is in the states of agents alone."""

    state: str
    boot: str = ""
    pipeline: str = ""
    service: str = ""
    health: msgspec.Raw | None = None


_SAID = msgspec.json.Decoder(_Said)


class UnplannedClients:
    """The unplanned clients that are there; the states of a stack are those of all its pipelines and agents.

    Attributes:
        named: Clients whose state names the pipeline, or a service of it where it names no pipeline.
        unnamed: Clients whose state names neither, so that they may be of another pipeline. The judging agent hears
            them itself, as one agent alone does: no share of another agent changes for them.
    """

    def __init__(self, configuration: Configuration) -> None:
        """Begins without any.

        Args:
            configuration: Configuration of the judging agent.
        """
        self._pipeline = configuration.pipeline
        self._services = {
            *(service.name for service in configuration.services),
            *(name for item in configuration.instances for name in (item.service, item.topic)),
        }
        self._planned = {item.instance for item in configuration.instances}
        self.named: set[str] = set()
        self.unnamed: set[str] = set()
        self._boots: dict[str, str] = {}
        self._ended: dict[str, float] = {}

    def __contains__(self, client: str) -> bool:
        """Checks whether a client is one of them."""
        return client in self._boots

    @property
    def all(self) -> set[str]:
        """Returns all of them."""
        return self.named | self.unnamed

    def note(self, client: str, payload: bytes, now: float) -> None:
        """Notes what a client says about itself, where the plan does not know it.

        Args:
            client: Name of the client.
            payload: Payload of its state message; what cannot be read is passed over.
            now: Present time by the monotonic clock.
        """
        if client in self._planned:
            return
        try:
            said = _SAID.decode(payload)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return
        if said.state != "online":
            # The last will of an earlier run may come late.
            if client in self and said.boot in ("", self._boots[client]):
                self._ended.setdefault(client, now)
        elif said.health is not None or not self._may_be_ours(said):
            self._forget(client)
        elif client in self or len(self._boots) < MAX_CLIENTS:
            self._forget(client)
            self._boots[client] = said.boot
            (self.named if said.pipeline or said.service else self.unnamed).add(client)

    def _may_be_ours(self, said: _Said) -> bool:
        if said.pipeline:
            return said.pipeline == self._pipeline
        return not said.service or said.service in self._services

    def forget_ended(self, now: float) -> list[str]:
        """Forgets the clients that have ended and not come back, and returns them.

        Args:
            now: Present time by the monotonic clock.
        """
        ended = [client for client, at in self._ended.items() if now - at >= ENDED_SECONDS]
        for client in ended:
            self._forget(client)
        return ended

    def _forget(self, client: str) -> None:
        self._boots.pop(client, None)
        self._ended.pop(client, None)
        self.named.discard(client)
        self.unnamed.discard(client)
