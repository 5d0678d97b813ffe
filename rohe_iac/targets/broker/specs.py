"""Specifications of the broker and its clients, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CredentialSpec:
    """A client of the embedded broker.

    Attributes:
        client: Name of the client, which is also its user name.
        publish: MQTT topic filters that the client may publish to.
        subscribe: MQTT topic filters that the client may subscribe to.
        source: `file:PATH` of the credentials for a broker of the user's, "" where the user gives none.
        url: URL of that broker, "" for the stack's own broker.
        mqtt: The version of MQTT to speak with it, "" where that is not chosen.
    """

    client: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    source: str = ""
    url: str = ""
    mqtt: str = ""


@dataclass(frozen=True, slots=True)
class BrokerSpec:
    """The embedded broker.

    Attributes:
        address: Address of the stack's part.
        ports: Port numbers by name.
        users: Names of the clients.
        server: Name of the server, nats or mosquitto.
        tls_names: Names and addresses in the server's certificate, that of the URL first; without any there is no TLS.
        given: Where certificate, key and ca of the user's are, `env:NAME`, `file:PATH` or `SECRET#KEY` by their names.
        mqtt: The version of MQTT that clients are to speak, "" for the newest that the server does.
        client_certificates: Whether the server demands a certificate of each client, which says who the client is.
        filters: Topic filters of QoS 1 that one client may need, at most; 0 where they are few.
    """

    address: str
    ports: dict[str, int]
    users: tuple[str, ...]
    server: str = "nats"
    tls_names: tuple[str, ...] = ()
    client_certificates: bool = False
    given: Mapping[str, str] = field(default_factory=dict)
    mqtt: str = ""
    filters: int = 0
