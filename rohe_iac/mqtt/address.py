"""Addresses of MQTT brokers: host, port, TLS, and the user and password of a client."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from rohe_iac.foundation.errors import ExitCode, RoheError


class UnusableCredentials(RoheError):
    """A broker address, or the file with the broker's URL, user and password, is missing or malformed."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Host and port of a broker, and the credentials of one client; `repr` leaves the password out.

    Attributes:
        host: Name or IP address.
        port: TCP port.
        tls: Whether the connection is encrypted (`mqtts://`).
        user: User name; "" connects anonymously.
        password: Password of the user.
        mqtt: Newest version of MQTT that the broker speaks, `5` or `3.1.1`; "" where that is not known.
        owner: Id of the user who runs the broker on this machine; None where that is not known.
        ca: Certificates (PEM) of the authorities that may have signed the broker's; "" for those of the system.
        certificate: The client's own certificate (PEM); "" where the broker demands none.
        key: The private key of that certificate (PEM).
        source: The file or folder of the credentials, which may change; None where there is none.
    """

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    mqtt: str = ""
    owner: int | None = None
    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    source: Path | None = field(default=None, compare=False, repr=False)

    def refreshed(self) -> BrokerAddress:
        """Returns the address with the user, password, certificate and authorities that its source has now.

        Passwords and certificates change under a running client, as when a cluster replaces a mounted Secret. A source
        that cannot be read now, because it is being replaced, changes nothing.
        """
        if self.source is None:
            return self
        try:
            content = _read_credentials(self.source)
        except UnusableCredentials:
            return self
        user, password, ca, certificate, key = (_text(content, name) for name in _REFRESHED)
        return replace(self, user=user, password=password, ca=ca, certificate=certificate, key=key)

    def client_id(self, name: str) -> str:
        """Returns a client identifier that nobody can tell who does not know the password.

        A broker disconnects a client when another one connects with the same identifier, whoever its user is (MQTT 5.0,
        3.1.4). The identifier is the same at every connection, so that a persistent session is found again.

        Args:
            name: Name of the client, without dots.
        """
        if not self.password:
            return name
        return f"{name}-{hmac.new(self.password.encode(), name.encode(), hashlib.sha256).hexdigest()[:16]}"

    @property
    def url(self) -> str:
        """Returns the address without credentials."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def broker_address(url: str, credentials: Path | None = None) -> BrokerAddress:
    """Returns the address of a broker.

    Args:
        url: `mqtt://HOST[:PORT]` (default port 1883) or `mqtts://HOST[:PORT]` (8883); "" takes the credential file's.
        credentials: JSON file with `url`, `user` and `password`, and with `mqtt`, `owner`, `ca`, `certificate` and
            `key` where those are known; or a folder, as a mounted Secret is, with the files `user` and `password`, and
            maybe `ca.crt`, `tls.crt` and `tls.key`.

    Raises:
        UnusableCredentials: The URL is malformed, or the credentials cannot be read.
    """
    mqtt, known = "", dict.fromkeys(_REFRESHED, "")
    owner: int | None = None
    if credentials is not None:
        content = _read_credentials(credentials)
        known = {name: _text(content, name) for name in _REFRESHED}
        if not url or url == content.get("url"):
            url = str(content.get("url", ""))
            mqtt, found = str(content.get("mqtt", "")), content.get("owner")
            owner = found if isinstance(found, int) else None
    try:
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        port = parts.port or (8883 if tls else 1883)
    except ValueError as error:
        raise UnusableCredentials(f"'{url}' is not a broker address", detail=str(error)) from error
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise UnusableCredentials(
            f"'{url}' is not a broker address", hint="a broker address is mqtt://HOST:PORT or mqtts://HOST:PORT"
        )
    return BrokerAddress(parts.hostname, port, tls, mqtt=mqtt, owner=owner, source=credentials, **known)


_REFRESHED = ("user", "password", "ca", "certificate", "key")
"""What credentials have of a client, and what changes under a running one."""

SECRET_FILES = {"user": "user", "password": "password", "ca.crt": "ca", "tls.crt": "certificate", "tls.key": "key"}
"""The files of a folder of credentials, and what each one holds."""


def _text(content: dict[str, object], name: str) -> str:
    return str(content.get(name, ""))


def _read_credentials(path: Path) -> dict[str, object]:
    if path.is_dir():
        return _read_folder(path)
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnusableCredentials(
            f"the credential file {path} cannot be read",
            detail=str(error),
            hint="check with `rohe status` whether the stack is applied",
        ) from error
    if not isinstance(content, dict):
        raise UnusableCredentials(f"the credential file {path} does not hold an object")
    return content


def _read_folder(folder: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = {
            name: (folder / file).read_text(encoding="utf-8").rstrip("\n")
            for file, name in SECRET_FILES.items()
            if (folder / file).exists()
        }
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableCredentials(f"the credentials in {folder} cannot be read", detail=str(error)) from error
    if "user" not in found or "password" not in found:
        raise UnusableCredentials(
            f"the credentials in {folder} lack user or password", hint="the Secret needs the keys user and password"
        )
    return found
