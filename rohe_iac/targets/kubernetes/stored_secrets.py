"""What the Secrets of a broker hold: its certificate, and the credentials, topics and certificate of each client."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Mapping

from rohe_iac.manifests.kubernetes.secrets import AUTHORITY_SECRET, BROKER_SECRET, CREDENTIALS, credential_secret
from rohe_iac.targets.broker.broker_certificate import BrokerCertificate
from rohe_iac.targets.broker.certificates import KeyPair
from rohe_iac.targets.broker.specs import CredentialSpec
from rohe_iac.targets.broker.user import User
from rohe_iac.targets.kubernetes.object import ClusterObject

GRANTS = "grants.json"
"""The key of a client's Secret with the topics that it may use."""


def encoded(data: Mapping[str, bytes]) -> dict[str, str]:
    """Returns values by key as a Secret holds them, in Base64."""
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def stored_certificate(present: Mapping[str, ClusterObject]) -> BrokerCertificate:
    """Returns the certificate that the Secrets of authority and broker have; what is absent or damaged is due."""
    return BrokerCertificate.stored(decoded(present.get(AUTHORITY_SECRET)), decoded(present.get(BROKER_SECRET)))


def decoded(secret: ClusterObject | None) -> dict[str, bytes]:
    """Returns the values of a Secret by key; none of those that were damaged by hand."""
    data = (secret.body.get("data") or {}) if secret is not None else {}
    found = {}
    for name, value in data.items():
        with contextlib.suppress(ValueError):
            found[str(name)] = base64.b64decode(str(value))
    return found


def pair_of(present: Mapping[str, ClusterObject], client: str) -> KeyPair:
    """Returns the certificate and key of a client; both are empty where it has none, or was damaged by hand."""
    try:
        content = json.loads(decoded(present.get(credential_secret(client))).get(CREDENTIALS, b""))
        return KeyPair(str(content["certificate"]).encode(), str(content["key"]).encode())
    except (KeyError, ValueError, TypeError):
        return KeyPair(b"", b"")


def user_of(secret: ClusterObject) -> User | None:
    """Returns the client that a Secret is for, None where it is for none, or was damaged by hand."""
    data = secret.body.get("data") or {}
    try:
        content, grants = (json.loads(base64.b64decode(data[key])) for key in (CREDENTIALS, GRANTS))
        client, password = content["user"], content["password"]
        publish, subscribe = (tuple(map(str, grants[what])) for what in ("publish", "subscribe"))
    except (KeyError, ValueError, TypeError):
        return None
    if not isinstance(client, str) or not isinstance(password, str) or not password:
        return None
    return User(CredentialSpec(client, publish, subscribe), password)
