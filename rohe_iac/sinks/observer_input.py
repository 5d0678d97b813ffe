"""Observer input: one call of the observer, as a store logs it and a restart replays it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class InputKind(StrEnum):
    """What the observer is told; `agent.inputs` has what each input holds."""

    REPORT = "report"
    """A report arrived."""
    DEAD_LETTER = "dead-letter"
    """A report arrived that cannot be used, so that its number is not waited for."""
    PROMISE = "promise"
    """A client says that all its reports up to an event time are stored."""
    HEARTBEAT = "heartbeat"
    """A client is there."""
    STOP = "stop"
    """A client has ended in order."""
    LOST = "lost"
    """A client's connection has ended without a word."""
    TICK = "tick"
    """Time has passed."""
    STALL = "stall"
    """The agent itself stood still for some time."""
    PAUSE = "pause"
    """Not all sources of reports are heard from now on."""
    RESUME = "resume"
    """All sources of reports are heard again."""
    FOLD = "fold"
    """Memory is short: less is to be kept of the reports in windows."""
    SHED = "shed"
    """Memory is short: windows are to end early."""
    ANSWER = "answer"
    """A user function has made numbers of a window, or failed."""
    RESTORE = "restore"
    """The actions of a violation are to end."""


class ObserverInput(msgspec.Struct, frozen=True):
    """One call of the observer.

    Attributes:
        kind: One of `InputKind`; a store that another version has written may have others.
        at: Time of the call in seconds since the epoch, by the agent's clock.
        client: Client that reported or stopped, or `CONTRACT/INDEX` of a user function.
        payload: The report as JSON, what is said of a client or of the agent, what a user function answered, or the
            violation to restore.
    """

    kind: str
    at: float
    client: str = ""
    payload: bytes = b""
