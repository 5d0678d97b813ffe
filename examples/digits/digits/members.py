"""Members: which of an ensemble's members go on, as the agent's commands say."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Protocol


class Told(Protocol):
    """What of a command matters here."""

    @property
    def action(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def members(self) -> tuple[str, ...]: ...


class Members:
    """All members at first; after `degrade` those that it names; after `restore` all again.

    service: the ensemble's name, or "" where any is meant.
    """

    def __init__(self, service: str = "") -> None:
        self._service = service
        self._chosen: frozenset[str] | None = None
        self._lock = threading.Lock()

    def obey(self, command: Told) -> tuple[bool, str]:
        """Does what the command says; (accepted, why)."""
        if self._service and command.service and command.service != self._service:
            return False, f"this is about {command.service}, not {self._service}"
        if command.action == "restore":
            with self._lock:
                self._chosen = None
            return True, "all members go on"
        if command.action != "degrade":
            return False, f"'{command.action}' is not known here"
        if not command.members:
            return False, "no member would go on"
        with self._lock:
            self._chosen = frozenset(command.members)
        return True, f"{', '.join(sorted(command.members))} go on"

    def of(self, members: Iterable[str]) -> list[str]:
        """Those of the members that go on, in order."""
        with self._lock:
            chosen = self._chosen
        return [member for member in members if chosen is None or member in chosen]
