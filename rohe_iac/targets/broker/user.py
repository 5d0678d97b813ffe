"""User: a client of the broker with its password."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.targets.broker.specs import CredentialSpec


@dataclass(frozen=True, slots=True)
class User:
    """A client with its password, for the broker's settings."""

    credential: CredentialSpec
    password: str
