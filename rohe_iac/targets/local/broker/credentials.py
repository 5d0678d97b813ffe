"""Credentials: a password a client, made where there is none, and who may publish and subscribe what."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.local.documents import CredentialSpec
from rohe_iac.targets.local.stack_folder import Layout


@dataclass(frozen=True, slots=True)
class User:
    """A client with its password, as the broker's settings need it."""

    credential: CredentialSpec
    password: str


class Credentials:
    """The credentials of one stack: a file a client, and one with its permissions for the broker."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def put(self, credential: CredentialSpec) -> bool:
        """Makes the client's password, unless it has one, and notes its permissions; whether anything changed."""
        path = self._layout.credential(credential.client)
        known = _read(path)
        password = known.get("password") or secrets.token_urlsafe(24)
        wanted = {
            "url": known.get("url", ""),
            "client": credential.client,
            "user": credential.client,
            "password": password,
        }
        permissions = {"publish": list(credential.publish), "subscribe": list(credential.subscribe)}
        users = self._permissions(credential.client)
        if known == wanted and _read(users) == permissions:
            return False
        write_private(path, canonical_json(wanted))
        write_private(users, canonical_json(permissions))
        return True

    def matches(self, credential: CredentialSpec) -> bool:
        """Whether the client has a password and exactly these permissions."""
        permissions = {"publish": list(credential.publish), "subscribe": list(credential.subscribe)}
        known = _read(self._layout.credential(credential.client))
        return bool(known.get("password")) and _read(self._permissions(credential.client)) == permissions

    def remove(self, client: str) -> None:
        """Forgets the client; one that is not there is no error."""
        self._layout.credential(client).unlink(missing_ok=True)
        self._permissions(client).unlink(missing_ok=True)

    def clients(self) -> tuple[str, ...]:
        """Every client that has a credential or permissions, sorted."""
        folders = (self._layout.folder.credentials, self._layout.broker / "users")
        return tuple(sorted({path.stem for folder in folders for path in folder.glob("*.json")}))

    def users(self) -> tuple[User, ...]:
        """Every client with its password and permissions, sorted."""
        found = []
        for client in self.clients():
            permissions = _read(self._permissions(client))
            password = _read(self._layout.credential(client)).get("password")
            if permissions and password:
                allowed = CredentialSpec(client, tuple(permissions["publish"]), tuple(permissions["subscribe"]))
                found.append(User(allowed, password))
        return tuple(found)

    def point_to(self, url: str) -> None:
        """Writes the broker's URL into every credential."""
        for client in self.clients():
            path = self._layout.credential(client)
            known = _read(path)
            if known and known.get("url") != url:
                write_private(path, canonical_json({**known, "url": url}))

    def _permissions(self, client: str) -> Path:
        return self._layout.broker / "users" / f"{client}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
