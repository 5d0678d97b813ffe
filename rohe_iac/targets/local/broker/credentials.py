"""Credentials: a password for each client of the broker, and the topics that the client may use."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.foundation.folders import write_private
from rohe_iac.mqtt.address import broker_address
from rohe_iac.targets.broker.certificates import KeyPair, expiry
from rohe_iac.targets.broker.specs import CredentialSpec
from rohe_iac.targets.broker.user import User
from rohe_iac.targets.local.stack_folder import Layout

OF_BROKER = ("mqtt", "owner", "ca", "certificate", "key")
"""What a credential file has beside URL, user and password: what a client has to know of the broker."""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """What a client needs for TLS.

    Attributes:
        ca: Certificates (PEM) of the authorities that it trusts.
        pair: Its own certificate and key, None where the broker demands none.
    """

    ca: str
    pair: KeyPair | None

    @property
    def content(self) -> dict[str, str]:
        """Returns the entries of its credential file."""
        if self.pair is None:
            return {"ca": self.ca}
        return {"ca": self.ca, "certificate": self.pair.certificate.decode(), "key": self.pair.key.decode()}


class Credentials:
    """The credentials of one stack: a credential file and a permission file for each client."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def put(self, credential: CredentialSpec) -> bool:
        """Writes the client's permissions, and a password where there is none; returns whether anything changed."""
        path = self._layout.credential(credential.client)
        present = _read(path)
        if credential.source:
            return self._put_given(credential, present)
        password = present.get("password") or secrets.token_urlsafe(24)
        wanted: dict[str, Any] = {
            "url": credential.url or present.get("url", ""),
            "client": credential.client,
            "user": credential.client,
            "password": password,
            **self._of_broker(credential, present),
        }
        permissions = {"publish": list(credential.publish), "subscribe": list(credential.subscribe)}
        permission_file = self._permission_file(credential.client)
        if present == wanted and _read(permission_file) == permissions:
            return False
        write_private(path, canonical_json(wanted))
        write_private(permission_file, canonical_json(permissions))
        return True

    def _of_broker(self, credential: CredentialSpec, present: dict[str, Any]) -> dict[str, Any]:
        """Returns what a client knows of its broker: what the stack's own one has told, or what the plan says."""
        if credential.url:
            return {"mqtt": credential.mqtt} if credential.mqtt else {}
        return {name: present[name] for name in OF_BROKER if name in present}

    def check(self, credential: CredentialSpec) -> None:
        """Checks that the user's credentials can be read, where the client is one of a broker of the user's.

        Raises:
            UnusableCredentials: They cannot be read, or have no user or password.
        """
        if credential.source:
            self._given(credential)

    def _put_given(self, credential: CredentialSpec, present: dict[str, Any]) -> bool:
        wanted = self._given(credential)
        if present == wanted:
            return False
        write_private(self._layout.credential(credential.client), canonical_json(wanted))
        return True

    def _given(self, credential: CredentialSpec) -> dict[str, Any]:
        """Returns the credential file for a broker of the user's, with what the user's file or folder has now.

        Raises:
            UnusableCredentials: The source cannot be read, or has no user or password.
        """
        path = self._layout.root / Path(credential.source.removeprefix("file:")).expanduser()
        found = broker_address(credential.url, path)
        optional = {"ca": found.ca, "certificate": found.certificate, "key": found.key}
        optional["mqtt"] = credential.mqtt or found.mqtt
        given = {name: value for name, value in optional.items() if value}
        names = {"url": credential.url, "client": credential.client, "user": found.user, "password": found.password}
        return {**names, **given}

    def matches(self, credential: CredentialSpec) -> bool:
        """Returns whether the client has a password and exactly these permissions."""
        present = _read(self._layout.credential(credential.client))
        if credential.source:
            return present == self._given(credential)
        if credential.url and (present.get("url"), present.get("mqtt", "")) != (credential.url, credential.mqtt):
            return False
        permissions = {"publish": list(credential.publish), "subscribe": list(credential.subscribe)}
        return bool(present.get("password")) and _read(self._permission_file(credential.client)) == permissions

    def remove(self, client: str) -> None:
        """Removes the client's files; absent files are no error."""
        self._layout.credential(client).unlink(missing_ok=True)
        self._permission_file(client).unlink(missing_ok=True)

    def clients(self) -> tuple[str, ...]:
        """Returns every client that has a credential or permissions, sorted."""
        folders = (self._layout.folder.credentials, self._layout.broker / "users")
        return tuple(sorted({path.stem for folder in folders for path in folder.glob("*.json")}))

    def users(self) -> tuple[User, ...]:
        """Returns every client with its password and permissions, sorted; incomplete clients are left out."""
        users = []
        for client in self.clients():
            permissions = _read(self._permission_file(client))
            password = _read(self._layout.credential(client)).get("password")
            if permissions and password:
                credential = CredentialSpec(client, tuple(permissions["publish"]), tuple(permissions["subscribe"]))
                users.append(User(credential, password))
        return tuple(users)

    def point_to(self, url: str, mqtt: str, tls: Mapping[str, ClientTls]) -> None:
        """Writes into every credential what a client has to know of the broker.

        Args:
            url: The broker's URL.
            mqtt: Newest version of MQTT that the broker speaks.
            tls: What each client needs for TLS; empty where the broker has none.
        """
        for client in self.clients():
            path = self._layout.credential(client)
            present = _read(path)
            own = {name: value for name, value in present.items() if name not in OF_BROKER}
            # A client tells the broker's port from a port that another user opened by the owner of the other end.
            wanted = {**own, "url": url, "mqtt": mqtt, "owner": os.geteuid()}
            wanted |= tls[client].content if client in tls else {}
            if present and present != wanted:
                write_private(path, canonical_json(wanted))

    def replace_passwords(self) -> None:
        """Gives every client a new password; the broker has to be told of them."""
        for client in self.clients():
            path = self._layout.credential(client)
            if present := _read(path):
                write_private(path, canonical_json({**present, "password": secrets.token_urlsafe(24)}))

    def have(self, tls: Mapping[str, ClientTls]) -> bool:
        """Checks whether every credential has what its client needs for TLS."""
        for client, wanted in tls.items():
            present = _read(self._layout.credential(client))
            if any(present.get(name) != value for name, value in wanted.content.items()):
                return False
        return True

    def key_pair(self, client: str) -> KeyPair:
        """Returns the certificate and key of a client; both are empty where it has none."""
        present = _read(self._layout.credential(client))
        return KeyPair(*(str(present.get(name, "")).encode() for name in ("certificate", "key")))

    def expiries(self) -> dict[str, float]:
        """Returns when the certificate of each client that has one expires, in seconds since the epoch."""
        found = {client: expiry(self.key_pair(client).certificate) for client in self.clients()}
        return {client: when for client, when in found.items() if when}

    def _permission_file(self, client: str) -> Path:
        return self._layout.broker / "users" / f"{client}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
