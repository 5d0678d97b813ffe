"""Credentials: a password for each client of the broker, and the topics that the client may use."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.broker.specs import CredentialSpec
from rohe_iac.targets.broker.user import User
from rohe_iac.targets.local.stack_folder import Layout


class Credentials:
    """The credentials of one stack: a credential file and a permission file for each client."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def put(self, credential: CredentialSpec) -> bool:
        """Writes the client's permissions, and a password where there is none; returns whether anything changed."""
        path = self._layout.credential(credential.client)
        present = _read(path)
        password = present.get("password") or secrets.token_urlsafe(24)
        wanted: dict[str, Any] = {
            "url": present.get("url", ""),
            "client": credential.client,
            "user": credential.client,
            "password": password,
            **{name: present[name] for name in ("mqtt", "owner") if name in present},
        }
        permissions = {"publish": list(credential.publish), "subscribe": list(credential.subscribe)}
        permission_file = self._permission_file(credential.client)
        if present == wanted and _read(permission_file) == permissions:
            return False
        write_private(path, canonical_json(wanted))
        write_private(permission_file, canonical_json(permissions))
        return True

    def matches(self, credential: CredentialSpec) -> bool:
        """Returns whether the client has a password and exactly these permissions."""
        permissions = {"publish": list(credential.publish), "subscribe": list(credential.subscribe)}
        present = _read(self._layout.credential(credential.client))
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

    def point_to(self, url: str, mqtt: str) -> None:
        """Writes into every credential what a client has to know of the broker.

        Args:
            url: The broker's URL.
            mqtt: Newest version of MQTT that the broker speaks.
        """
        for client in self.clients():
            path = self._layout.credential(client)
            present = _read(path)
            # A client tells the broker's port from a port that another user opened by the owner of the other end.
            wanted = {**present, "url": url, "mqtt": mqtt, "owner": os.geteuid()}
            if present and present != wanted:
                write_private(path, canonical_json(wanted))

    def _permission_file(self, client: str) -> Path:
        return self._layout.broker / "users" / f"{client}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
