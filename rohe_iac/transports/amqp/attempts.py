"""Attempts at messages that come again: which one the agent had in its hands when it ended.

RabbitMQ counts how often a message comes back, whatever the reason, and parks it after many times. An agent that is
ended by a message, as by a fault or by the kernel for its memory, would be started again as often. So it writes down
which message it is about to take in; who finds that in a later process knows what the earlier one did last.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from pathlib import Path

from rohe_iac.foundation.folders import write_private

LOG = logging.getLogger("rohe.amqp")

FILE = "amqp-attempts.json"
"""The file in the folder of the store: attempts by the SHA-256 of a message's body."""

MAX_ATTEMPTS = 2
"""Processes of the agent that may end with a message in their hands, beside the one that it was delivered to first."""

MAX_MESSAGES = 100
"""Messages whose attempts are remembered, the newest."""


class Attempts:
    """How many processes of the agent took a message in and ended before it was stored, by the message.

    A lost connection and an orderly end of the agent leave no attempt behind.
    """

    def __init__(self, folder: Path) -> None:
        """Reads what earlier processes wrote.

        Args:
            folder: Folder of the agent's store.
        """
        self._path = folder / FILE
        self._counts: dict[str, int] = {}
        self._current = ""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            found = json.loads(self._path.read_bytes()).items()
            self._counts = {str(name): count for name, count in found if isinstance(count, int)}

    def exhausted(self, body: bytes) -> bool:
        """Checks whether as many processes as may have ended with a message in their hands."""
        return self._counts.get(_digest(body), 0) >= MAX_ATTEMPTS

    def begin(self, body: bytes) -> None:
        """Writes down that a message is taken in next; it is on the disk when this returns."""
        self._current = _digest(body)
        count = self._counts.pop(self._current, 0)
        written = {**self._counts, self._current: count + 1}
        # What this process has begun counts for the next one.
        self._counts[self._current] = count
        self._write(written)

    def withdraw(self) -> None:
        """Takes the attempt back that was begun, as it ended in order."""
        if self._current:
            self._current = ""
            self._counts = {name: count for name, count in self._counts.items() if count}
            self._write(self._counts)

    def finish(self, body: bytes) -> None:
        """Forgets all attempts at a message, because it is stored or parked."""
        self._current = ""
        if self._counts.pop(_digest(body), None) is not None:
            self._write(self._counts)

    def _write(self, counts: dict[str, int]) -> None:
        newest = dict(list(counts.items())[-MAX_MESSAGES:])
        try:
            if newest:
                write_private(self._path, json.dumps(newest).encode())
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            # RabbitMQ's own count still ends it.
            LOG.warning("cannot write %s: %s", self._path, error.strerror)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
