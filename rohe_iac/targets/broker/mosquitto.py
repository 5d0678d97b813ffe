"""Mosquitto as the embedded broker: MQTT 5, 3.1.1 and 3.1, with passwords and an access list (mosquitto.conf(5))."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Literal

from rohe_iac.targets.broker.server import (
    MAX_PAYLOAD,
    SESSION_EXPIRY,
    TLS_CERTIFICATE,
    TLS_KEY,
    BrokerPlace,
    find_binary,
)
from rohe_iac.targets.broker.specs import BrokerSpec
from rohe_iac.targets.broker.user import User

ITERATIONS = 1000
"""Iterations of PBKDF2; the passwords are random and of 192 bits, so that no number of them makes guessing harder."""

SAVE_INTERVAL = 2
"""Seconds between two writes of sessions and messages to the disk; a kill -9 loses what came since the last one."""

QUEUE = 256 * 2**20
"""Bytes of messages that may wait for one client."""

QUEUED_MESSAGES = 1_000_000_000
"""Messages that may wait for a client; `QUEUE`, their bytes, is what bounds them."""

IN_FLIGHT = 2048
"""Messages that one client may have unacknowledged."""


class MosquittoServer:
    """Mosquitto 2."""

    mqtt = "5"
    settings_file = "mosquitto.conf"
    # A CONNECT without a user, whose refusal is the answer.
    liveness: Literal["nats", "mqtt"] = "mqtt"

    def binary(self) -> str:
        """Returns the program that ROHE_MOSQUITTO names, or else the one on PATH or in a folder for system programs.

        Raises:
            BrokerMissing: There is none.
        """
        path = os.environ.get("PATH", os.defpath)
        return find_binary(
            "mosquitto",
            "ROHE_MOSQUITTO",
            (path, "/usr/local/sbin", "/usr/sbin"),
            "install it (Debian: apt-get install mosquitto), or use `broker: {embedded: {server: nats}}`",
        )

    def open_ports(self, broker: BrokerSpec) -> dict[str, int]:
        """Returns the one port that the server listens on."""
        return {"mqtt": broker.ports["mqtt"]}

    def settings(self, broker: BrokerSpec, place: BrokerPlace) -> str:
        """Returns the text of mosquitto.conf, which takes the rest of a line as the value: no path needs quotes."""
        lines = [
            f"listener {broker.ports['mqtt']} {place.host}",
            "allow_anonymous false",
            f"password_file {place.folder}/passwords",
            f"acl_file {place.folder}/access",
            # Without this, the counters of $SYS are published all the time, although nobody may read them.
            "sys_interval 0",
            "persistence true",
            f"persistence_location {place.store}/",
            f"autosave_interval {SAVE_INTERVAL}",
            f"persistent_client_expiration {SESSION_EXPIRY // 3600}h",
            f"max_packet_size {MAX_PAYLOAD}",
            f"max_inflight_messages {IN_FLIGHT}",
            # By default a thousand messages may wait for a client, and further ones are dropped without a word. With 0,
            # no bound, mosquitto 2.0.11 ends the connection after each message that the client may not publish.
            f"max_queued_messages {QUEUED_MESSAGES}",
            f"max_queued_bytes {QUEUE}",
            # The standard output is buffered where it is no terminal, and a kill would lose the last lines.
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
        ]
        if broker.tls_names:
            lines += [f"certfile {place.folder}/{TLS_CERTIFICATE}", f"keyfile {place.folder}/{TLS_KEY}"]
        if broker.client_certificates:
            # A running server looks up further authorities in the folder, but keeps those of `cafile` for ever.
            lines += [f"capath {place.folder}", "require_certificate true", "use_identity_as_username true"]
            lines.append(f"# The oldest authority: {place.trust}")
        if place.as_root:
            # As root, the server would become the user mosquitto, who may not read the stack's folder.
            lines.append("user root")
        return "\n".join(lines) + "\n"

    def trust_files(self, authorities: Sequence[bytes]) -> Mapping[str, bytes]:
        """Returns a file for each authority, named by the hash of its subject as OpenSSL looks it up."""
        # Where the broker runs in a cluster, in the agent's image, no library makes or reads certificates.
        from rohe_iac.targets.broker.certificates import subject_hash

        return {f"{subject_hash(authority)}.0": authority for authority in authorities}

    def user_files(self, users: tuple[User, ...]) -> Mapping[str, bytes]:
        """Returns the files with passwords and with access by topic; without users nobody gets in."""
        access: list[str] = []
        for user in users:
            access += [f"user {user.credential.client}"]
            access += [f"topic write {topic}" for topic in user.credential.publish]
            access += [f"topic read {topic}" for topic in user.credential.subscribe]
        passwords = [f"{user.credential.client}:{_hash(user)}" for user in users]
        return {"passwords": _text(passwords), "access": _text(access)}


def _hash(user: User) -> str:
    """Returns the password as mosquitto_passwd(1) writes it: $7$ITERATIONS$SALT$HASH, PBKDF2 with SHA-512.

    Equal passwords of equal users give equal bytes, so that the server is asked to read its files only after a change.
    """
    salt = hashlib.sha256(f"{user.credential.client}\0{user.password}".encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", user.password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
