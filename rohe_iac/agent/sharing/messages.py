"""Messages between the agents of a pipeline, as MessagePack: what receiving agents send, and what the judge answers.

An epoch names one grant of one share. Whatever names another epoch than the present one is refused, so that an agent
that was silent for its lease changes nothing any more (fencing; M. Burrows, The Chubby lock service, OSDI 2006).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

VERSION = 2
"""Version of the messages; agents of different versions do not work together."""


class EntryKind(StrEnum):
    """What an entry of a batch is."""

    REPORT = "report"
    """A report with a sequence number, reduced to the values that contracts look at, as it is stored."""
    UNNUMBERED = "unnumbered"
    """A whole report without a sequence number, after the 16 bytes of the digest of its message."""
    WHOLE = "whole"
    """Topic and payload of the message of a report that would be too large in either of these forms."""
    DEAD_LETTER = "dead-letter"
    """A message that cannot be used: `agent.intake.dead_letter.DeadLetter`."""
    STATE = "state"
    """The payload of a client's state message."""
    RETAINED = "retained"
    """The payload of a state message that the broker had retained."""


Entry = tuple[str, str, bytes]
"""Kind, client and content of one thing that was received."""


class ShareRenewal(msgspec.Struct, frozen=True, array_like=True, tag="renewal"):
    """A receiving agent lives, and asks for a share where it has none.

    Attributes:
        boot: Run of the agent.
        digest: Digest of what all agents of the pipeline have to agree about.
        epoch: Epoch of its share; "" where it holds none.
        serial: Number of the renewal, which the answer repeats.
        v: Version of the messages.
    """

    boot: str
    digest: str
    epoch: str
    serial: int
    v: int = VERSION


class ReportBatch(msgspec.Struct, frozen=True, array_like=True, tag="batch"):
    """What a receiving agent took in, in the order in which it arrived.

    Attributes:
        epoch: Epoch of its share.
        number: 1 for the first batch of the epoch, and one more for each further one.
        entries: What was received; of each client in order.
        counts: What to add to the counters of the store, by name.
    """

    epoch: str
    number: int
    entries: list[Entry]
    counts: dict[str, int]


class ShareReleased(msgspec.Struct, frozen=True, array_like=True, tag="released"):
    """A receiving agent holds a share no longer: it has given it back with all its batches committed, or given it up.

    Attributes:
        epoch: Epoch of the share.
    """

    epoch: str


class ReceivedNumbers(msgspec.Struct, frozen=True, array_like=True):
    """Sequence numbers that were received of one boot of a client.

    Attributes:
        client: Name of the client.
        boot: Boot of the client.
        ranges: Inclusive ranges, ascending.
    """

    client: str
    boot: str
    ranges: list[list[int]]


class ShareGrant(msgspec.Struct, frozen=True, array_like=True, tag="grant"):
    """One page of a share; the agent holds it when it has all pages.

    Attributes:
        epoch: Epoch of the share.
        boot: Run of the agent that it is granted to.
        serial: Number of the renewal that is answered: the lease counts from when that was sent.
        page: Number of the page, from 0.
        pages: How many pages there are.
        clients: Clients to hear.
        numbers: Sequence numbers that were received of clients of the share, for each client oldest boot first.
    """

    epoch: str
    boot: str
    serial: int
    page: int
    pages: int
    clients: list[str]
    numbers: list[ReceivedNumbers]


class ShareRenewed(msgspec.Struct, frozen=True, array_like=True, tag="renewed"):
    """The lease of a share goes on, and all batches up to a number are committed.

    Attributes:
        epoch: Epoch of the share.
        serial: Number of the newest renewal.
        committed: Number of the newest batch that is committed; 0 before the first.
    """

    epoch: str
    serial: int
    committed: int


class ShareRevoked(msgspec.Struct, frozen=True, array_like=True, tag="revoked"):
    """The agent is to give its share back: to take nothing more, and to say so when all its batches are committed.

    Attributes:
        epoch: Epoch of the share.
    """

    epoch: str


class ShareDenied(msgspec.Struct, frozen=True, array_like=True, tag="denied"):
    """The agent gets no share.

    Attributes:
        boot: Run of the agent.
        why: Why, as people read it.
    """

    boot: str
    why: str


FromReceiver = ShareRenewal | ReportBatch | ShareReleased
"""What a receiving agent sends."""

FromJudge = ShareGrant | ShareRenewed | ShareRevoked | ShareDenied
"""What the judging agent sends."""

encode = msgspec.msgpack.Encoder().encode

_FROM_RECEIVER = msgspec.msgpack.Decoder(FromReceiver)
_FROM_JUDGE = msgspec.msgpack.Decoder(FromJudge)


def decode_from_receiver(payload: bytes) -> FromReceiver:
    """Decodes a message of a receiving agent.

    Raises:
        msgspec.DecodeError: The bytes are no such message.
    """
    message: FromReceiver = _FROM_RECEIVER.decode(payload)
    return message


def decode_from_judge(payload: bytes) -> FromJudge:
    """Decodes a message of the judging agent.

    Raises:
        msgspec.DecodeError: The bytes are no such message.
    """
    message: FromJudge = _FROM_JUDGE.decode(payload)
    return message
