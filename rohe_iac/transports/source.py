"""Source: what every connection that brings reports to an agent can do, whatever protocol it speaks."""

from __future__ import annotations

from typing import Protocol

from rohe_iac.mqtt.message import Incoming


class ReportSource(Protocol):
    """A connection that puts reports into an agent's inbox, and acknowledges them to its broker once they are stored.

    A message that was not acknowledged when the connection or the agent ends is delivered again, so that a report may
    arrive twice and none is lost.
    """

    @property
    def up(self) -> bool:
        """Checks whether reports can arrive."""

    @property
    def url(self) -> str:
        """Returns the URL of the broker."""

    @property
    def trouble(self) -> str:
        """Returns why no reports can arrive, or which of them have to before windows may close; "" for neither."""

    def start(self) -> None:
        """Starts the thread that connects, and connects again whenever the connection ends; returns at once."""

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Acknowledges stored messages to the broker; those of other sources are passed over."""

    def close(self) -> None:
        """Ends the connection in order."""
