"""Known receiver: one receiving agent as the judging agent knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from rohe_iac.agent.intake.client_state import ClientState
from rohe_iac.agent.sharing.lease import LEASE, SILENCE
from rohe_iac.agent.sharing.messages import ShareGrant


class Hold(Enum):
    """What a receiving agent has of its share."""

    NONE = auto()
    """It holds none, and nobody waits for it."""
    ASKED = auto()
    """It holds none and has asked for one."""
    GRANTED = auto()
    """A share is on its way, and the agent has not said that it has it."""
    HELD = auto()
    """It hears the clients of its share."""
    REVOKED = auto()
    """It is to give its share back, and has not said that it has."""


@dataclass
class KnownReceiver:
    """One receiving agent.

    Attributes:
        heard: When it was last heard, by the monotonic clock.
        hold: What it has of its share.
        boot: Run of the agent; "" before it was heard.
        serial: Number of its newest renewal.
        epoch: Epoch of the share; "" without one, and then no batch is taken.
        committed: Number of the newest batch of the epoch that is committed.
        clients: Clients of the share.
        sent_at: When the grant was sent last, by the monotonic clock.
        gone: Whether its connection to the broker has ended without another word since.
        ended: Whether this run of it has said that it ends, so that it hears nobody any more.
        pages: Pages of the grant that is on its way, the same however often they are sent.
        why_denied: Why it gets no share; "" where it may have one.
        expects_answer: Whether something of it waits for an answer.
    """

    heard: float
    hold: Hold = Hold.NONE
    boot: str = ""
    serial: int = 0
    epoch: str = ""
    committed: int = 0
    clients: set[str] = field(default_factory=set)
    sent_at: float = 0.0
    gone: bool = False
    ended: bool = False
    pages: list[ShareGrant] = field(default_factory=list)
    why_denied: str = ""
    expects_answer: bool = False

    def lives(self, now: float) -> bool:
        """Checks whether it may have a share at `now` of the monotonic clock."""
        return not self.why_denied and not self.ended and now - self.heard <= LEASE

    def listens(self, now: float) -> bool:
        """Checks whether it hears the clients of its share at `now` of the monotonic clock."""
        return self.hold is Hold.HELD and not self.gone and now - self.heard <= SILENCE

    def fence(self, hold: Hold = Hold.NONE) -> None:
        """Takes its share: nothing that names the epoch is accepted any more."""
        self.epoch, self.committed, self.hold = "", 0, hold
        self.clients, self.pages = set(), []

    def note_state(self, state: ClientState) -> None:
        """Notes what it says about itself.

        A connection that was lost may come back, and its lease goes on; an agent that ended in order frees its clients
        at once. The state that an earlier run has left says nothing of this one.

        Args:
            state: The fields of its state message; empty where that cannot be read.
        """
        said = state.get("state", "")
        self.gone = said not in ("online", "")
        if said == "stopped" and self.boot and state["boot"] == self.boot:
            self.ended = True
