"""Secrets: the names of those that hold the credentials of the broker's clients, and its settings and users."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import SecretReference
from rohe_iac.blueprint.language.stack import Broker

BROKER_SECRET = "rohe-broker"
"""The Secret with the broker's settings and users, one key a file."""

AUTHORITY_SECRET = "rohe-broker-authority"
"""The Secret with the key of the authority that signs the broker's certificate; no pod has it."""

CREDENTIALS = "credentials.json"
"""The key with the credentials of a client."""

BROKER_FOLDER = "/etc/rohe/broker"
"""The folder of the broker's container with its settings and users."""

CREDENTIALS_FOLDER = "/etc/rohe/credentials"
"""The folder of a client's container with its credentials."""


def credential_secret(client: str) -> str:
    """Returns the name of the Secret with the credentials of a client of the stack's own broker."""
    return f"rohe-credential-{client}"


def own_secret(broker: Broker) -> SecretReference:
    """Returns the Secret of the cluster that holds the credentials for a broker of the user's; its name is "" for none.

    Without a key, the Secret has the keys user and password, and maybe ca.crt; the key is that of a credential file.
    """
    secret = broker.credentials.secret if broker.credentials is not None else ""
    return secret if isinstance(secret, SecretReference) else SecretReference(name=secret)
