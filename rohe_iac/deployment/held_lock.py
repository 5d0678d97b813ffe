"""Held lock: a lock that a command may lose while it works, because it cannot say in time that it still lives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rohe_iac.foundation.errors import ExitCode, RoheError


class LockLost(RoheError):
    """Another command may work on the stack, since this one has lost its lock."""

    exit_code = ExitCode.LOCKED

    def __init__(self, reason: str) -> None:
        super().__init__(
            "the lock of the stack was lost, so the command was ended before it had finished",
            detail=reason,
            hint="`rohe status` shows what is there; run the command again when no other one works on the stack",
        )


class HeldLock:
    """A lock while it is held."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._reason = ""
        self._actions: list[Callable[[], None]] = []

    @property
    def lost(self) -> str:
        """Returns why the lock is lost, "" while it is held."""
        return self._reason

    def check(self) -> None:
        """Raises LockLost where the lock is lost."""
        if self._reason:
            raise LockLost(self._reason)

    def lose(self, reason: str) -> None:
        """Says that the lock is lost, from any thread; only the first reason counts.

        Args:
            reason: Why, as a sentence.
        """
        with self._guard:
            actions = [] if self._reason else self._actions
            self._reason = self._reason or reason
        for action in actions:
            action()

    @contextmanager
    def on_loss(self, action: Callable[[], None]) -> Iterator[None]:
        """Calls `action` once where the lock is lost while the block runs, or was before; it must not wait."""
        with self._guard:
            self._actions = [*self._actions, action]
            lost = self._reason
        if lost:
            action()
        try:
            yield
        finally:
            with self._guard:
                self._actions = [other for other in self._actions if other is not action]
