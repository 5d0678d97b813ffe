"""Rotation: which secrets of a stack's own broker and its clients are replaced by new ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rohe_iac.foundation.errors import UsageError


class Rotation(StrEnum):
    """A kind of secrets that can be replaced."""

    PASSWORDS = "passwords"
    """The password of each client."""
    CERTIFICATES = "certificates"
    """The certificates and keys of the broker and its clients."""
    AUTHORITY = "authority"
    """The authority that signs them, and with it the certificates."""


class NothingToRotate(UsageError):
    """The stack has no broker of its own, or that broker has no TLS."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a target has replaced.

    Attributes:
        kinds: What was replaced, in the order of `Rotation`.
        clients: Names of the broker's clients, sorted.
        former_until: Until when a former authority stays trusted in seconds since the epoch, 0 where there is none.
        broker_restarted: Whether the broker's server is started again, which mosquitto needs to forget an authority.
    """

    kinds: tuple[Rotation, ...]
    clients: tuple[str, ...]
    former_until: float
    broker_restarted: bool = False


def rotations_of(asked: tuple[Rotation, ...], *, tls: bool) -> frozenset[Rotation]:
    """Returns what is to be replaced: what was asked for, or without a word everything that there is.

    Args:
        asked: What the user asked for.
        tls: Whether the broker has certificates.

    Raises:
        NothingToRotate: Certificates or an authority were asked for, and the broker has none.
    """
    if not tls and set(asked) - {Rotation.PASSWORDS}:
        raise NothingToRotate(
            "the stack's broker has no TLS, so no certificate or authority to replace",
            hint="add `tls: true` to broker.embedded of the stack, or rotate with --passwords alone",
        )
    return frozenset(asked) or frozenset(Rotation if tls else {Rotation.PASSWORDS})
