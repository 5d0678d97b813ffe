"""User: a client of the broker with its password."""

from __future__ import annotations

from dataclasses import dataclass, field

from rohe_iac.targets.broker.specs import CredentialSpec


@dataclass(frozen=True, slots=True)
class User:
    """A client with its password, for the broker's settings."""

    credential: CredentialSpec
    password: str = field(repr=False)

    @property
    def client(self) -> str:
        """Returns the client's name, which is also its user name."""
        return self.credential.client
