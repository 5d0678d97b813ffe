"""Where a broker is and how to present oneself there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from rohe_iac.foundation.errors import ExitCode, RoheError


class UnusableCredentials(RoheError):
    """The file with the broker's address, user and password is missing or not of the expected form."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Host and port of a broker (mqtt:// plain, mqtts:// TLS), with user and password; the password is never shown."""

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The address without credentials."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def broker_address(url: str, credentials: Path | None = None) -> BrokerAddress:
    """The broker at `url` (mqtt://HOST[:PORT], default port 1883; mqtts:// 8883), as the user of the credential file.

    Errors: UnusableCredentials.
    """
    user = password = ""
    if credentials is not None:
        content = _read(credentials)
        user, password = str(content.get("user", "")), str(content.get("password", ""))
        url = url or str(content.get("url", ""))
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
    return BrokerAddress(parts.hostname, port, tls, user, password)


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnusableCredentials(
            f"the credential file {path} cannot be read",
            detail=str(error),
            hint="is the stack applied? `rohe status` tells",
        ) from error
    if not isinstance(content, dict):
        raise UnusableCredentials(f"the credential file {path} does not hold an object")
    return content
