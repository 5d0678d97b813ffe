"""Broker certificate: the authority of a stack's own broker, and the key pairs that it has signed, kept until due."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rohe_iac.foundation.quantities import counted
from rohe_iac.targets.broker.certificates import (
    EARLY,
    KeyPair,
    begin,
    expiry,
    fingerprint,
    is_due,
    is_for,
    new_authority,
    new_client,
    new_server,
    was_signed_by,
)
from rohe_iac.targets.broker.server import TLS_CERTIFICATE, TLS_KEY

WARNED = 14
"""Days before a certificate expires from which on that is an obstacle: apply renews it long before."""

FORMER = "former.crt"
"""Name of the file with the certificate of the authority before the present one."""

NO_PAIR = KeyPair(b"", b"")
"""The key pair of whoever has none yet."""

OVERLAP = 24 * 3600
"""Seconds for which a former authority stays trusted after another one was made."""


@dataclass(frozen=True, slots=True)
class BrokerCertificate:
    """What the broker shows its clients, and who has signed it.

    Attributes:
        authority: The authority of the stack, which clients trust.
        server: The server's own.
        former: Certificate (PEM) of the authority before, which stays trusted for a while; its key is gone.
        given_ca: The authorities (PEM) of a server's certificate of the user's, which is never renewed here; then the
            authority of the stack signs the clients' certificates alone.
    """

    authority: KeyPair
    server: KeyPair
    former: bytes = b""
    given_ca: bytes = b""

    @classmethod
    def stored(cls, authority: Mapping[str, bytes], server: Mapping[str, bytes]) -> BrokerCertificate:
        """Returns what the files of the authority and of the broker have; either may be absent or damaged."""
        former = authority.get(FORMER, b"")
        return cls(key_pair(authority), key_pair(server), former if expiry(former) else b"")

    def is_due(self, names: Sequence[str], now: float) -> bool:
        """Checks whether a part is absent, about to expire, not for these names, or trusted for longer than needed."""
        return is_due(self.authority, now) or not self._has_server(names, now) or self._overlap_ended(now)

    def renewed(self, stack: str, names: Sequence[str], now: float) -> BrokerCertificate:
        """Returns the certificate with new parts for those that are due.

        Args:
            stack: Name of the stack.
            names: DNS names and addresses of the broker.
            now: The time in seconds since the epoch.
        """
        if not self.is_due(names, now):
            return self
        if is_due(self.authority, now):
            return self.rotated(stack, now).renewed(stack, names, now)
        server = self.server if self._has_server(names, now) else new_server(self.authority, names, now)
        return replace(self, server=server, former=b"" if self._overlap_ended(now) else self.former)

    def rotated(self, stack: str, now: float) -> BrokerCertificate:
        """Returns the certificate with a new authority; the server's own is that of the former authority still.

        Every authority has a name of its own: OpenSSL looks up authorities by name, and takes the first one for all.
        """
        authority = new_authority(f"rohe {secrets.token_hex(4)} {stack}", now)
        return replace(self, authority=authority, former=self.authority.certificate if self.is_usable(now) else b"")

    def without_server(self) -> BrokerCertificate:
        """Returns the certificate without the server's own, which is thus due."""
        return self if self.given_ca else replace(self, server=NO_PAIR)

    def with_given(self, server: KeyPair, ca: bytes) -> BrokerCertificate:
        """Returns the certificate with a server's own of the user's, and the authorities that clients trust then."""
        return replace(self, server=server, given_ca=ca)

    def is_usable(self, now: float) -> bool:
        """Checks whether certificates of the authority can be valid now."""
        return begin(self.authority.certificate) <= now < expiry(self.authority.certificate)

    def accepts(self, server: KeyPair, now: float) -> bool:
        """Checks whether clients of this authority or of the former one still take a server's certificate."""
        if self.given_ca:
            return False
        signed = (was_signed_by(server.certificate, authority) for authority in self.trusted)
        return begin(server.certificate) <= now < expiry(server.certificate) and any(signed)

    def client(self, name: str, present: KeyPair, now: float) -> KeyPair:
        """Returns the key pair of a client: the present one, or a new one where that is due or of another authority."""
        if is_due(present, now) or not is_for(present, self.authority, (name,)):
            return new_client(self.authority, name, now)
        return present

    @property
    def trusted(self) -> tuple[bytes, ...]:
        """Returns the certificates (PEM) of the authorities to trust, the newest first."""
        return tuple(filter(None, (self.authority.certificate, self.former)))

    @property
    def oldest(self) -> str:
        """Returns the fingerprint of the oldest authority that is trusted, "" without any."""
        return fingerprint(self.trusted[-1]) if self.trusted and expiry(self.trusted[-1]) else ""

    @property
    def ca(self) -> str:
        """Returns the authorities that clients trust as one text (PEM)."""
        return (self.given_ca or b"".join(self.trusted)).decode()

    @property
    def authority_files(self) -> dict[str, bytes]:
        """Returns the files of the authority by name, which nobody but apply reads."""
        return {**files_of(self.authority), **({FORMER: self.former} if self.former else {})}

    @property
    def server_files(self) -> dict[str, bytes]:
        """Returns the files of the broker's folder by name."""
        return files_of(self.server)

    @property
    def former_until(self) -> float:
        """Returns until when a former authority stays trusted in seconds since the epoch, 0 where there is none."""
        return begin(self.authority.certificate) + EARLY + OVERLAP if self.former else 0.0

    def _has_server(self, names: Sequence[str], now: float) -> bool:
        if self.given_ca:
            return True
        return not is_due(self.server, now) and is_for(self.server, self.authority, names)

    def _overlap_ended(self, now: float) -> bool:
        return bool(self.former) and now >= self.former_until


def files_of(pair: KeyPair) -> dict[str, bytes]:
    """Returns a key pair as files by name."""
    return {TLS_CERTIFICATE: pair.certificate, TLS_KEY: pair.key}


def key_pair(files: Mapping[str, bytes]) -> KeyPair:
    """Returns the key pair of files by name; parts without a file are empty."""
    return KeyPair(files.get(TLS_CERTIFICATE, b""), files.get(TLS_KEY, b""))


def expiry_warning(expires: float, now: float) -> tuple[str, ...]:
    """Returns a sentence where a certificate expires soon or has expired.

    Args:
        expires: When it expires in seconds since the epoch, 0 where there is none.
        now: The time in seconds since the epoch.
    """
    if not expires or not _ends_soon(expires, now):
        return ()
    return (
        f"the broker's certificate {_state(expires, now)}: `rohe apply` renews it, or takes the new one of your files",
    )


def client_expiry_warnings(expires: Mapping[str, float], now: float) -> tuple[str, ...]:
    """Returns a sentence for each day on which certificates of clients expire soon or have expired.

    Args:
        expires: When the certificate of each client expires, in seconds since the epoch.
        now: The time in seconds since the epoch.
    """
    clients: dict[str, list[str]] = {}
    for client, when in sorted(expires.items(), key=lambda item: (item[1], item[0])):
        if _ends_soon(when, now):
            clients.setdefault(_state(when, now), []).append(client)
    return tuple(
        f"the client certificate of {', '.join(names[:_MAX_NAMES])}"
        + (f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else "")
        + f" {state}: `rohe apply` renews it, or takes the new one of your files"
        for state, names in clients.items()
    )


_MAX_NAMES = 8
"""Clients that a sentence names, at most."""


def _ends_soon(expires: float, now: float) -> bool:
    return math.floor((expires - now) / 86400) < WARNED


def _state(expires: float, now: float) -> str:
    days, day = math.floor((expires - now) / 86400), datetime.fromtimestamp(expires, UTC).date()
    return f"expires in {counted(days, 'day')}, on {day}" if expires > now else f"expired on {day}"
