"""Heard: which instances an agent has heard, read from its answer to the question `status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HeardInstances:
    """What one agent has heard.

    Attributes:
        answer: The agent's answer. `clients` has the last state of each client, `instances` for each instance that the
            agent expects when it last spoke, and whether it is needed. An agent of an older version has no `instances`.
    """

    answer: Mapping[str, Any]

    def expects(self, instance: str) -> bool:
        """Returns whether the agent is told of an instance."""
        return instance in self._instances or instance in self._clients

    def needs(self, instance: str) -> bool:
        """Returns whether the blueprint says that the instance reports, or an objective has nobody else to hear."""
        return bool(self._instances.get(instance, {}).get("needed"))

    def has_never_heard(self, instance: str) -> bool:
        """Returns whether the agent has heard nothing of an instance that it expects, of whichever manifest."""
        return instance not in self._clients and not self._instances.get(instance, {}).get("spoke")

    def silence(self, instance: str) -> str:
        """Returns for how long an instance has said nothing although it promised to speak; "" where it does speak."""
        found = self._instances.get(instance, {})
        if not found.get("silent") or not found.get("interval"):
            return ""
        seconds = float(self.answer.get("at", 0.0)) - float(found.get("spoke", 0.0))
        return f"it was last heard {seconds:.0f} s ago, and promises to speak every {found['interval']:g} s"

    def objection(self, instance: str, digest: str, age: float | None = None) -> str:
        """Returns why the instance of a manifest counts as not heard, "" where the agent has heard it.

        A state that names a digest is of the instance as that manifest made it. A client of another make names none:
        of such a one anything counts that it has said since its present run began.

        Args:
            instance: Name of the instance.
            digest: Digest of the instance's manifest.
            age: Seconds since its present run began; None where anything counts that it has ever said.
        """
        state = self._clients.get(instance, {})
        if state.get("digest"):
            if state["digest"] != digest:
                return f"it was last heard as record {state.get('serial', 0)} had it"
            return "its connection to the broker was lost" if state["state"] == "lost" else ""
        spoke = float(self._instances.get(instance, {}).get("spoke", 0.0))
        silence = float(self.answer.get("at", 0.0)) - spoke
        if spoke and (age is None or silence <= age):
            return ""
        return "it was never heard" if not spoke else f"it was last heard {silence:.0f} s ago, before it was started"

    @property
    def _clients(self) -> Mapping[str, Mapping[str, Any]]:
        return self.answer.get("clients") or {}

    @property
    def _instances(self) -> Mapping[str, Mapping[str, Any]]:
        return self.answer.get("instances") or {}
