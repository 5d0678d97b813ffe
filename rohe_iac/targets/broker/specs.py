"""Specifications of the broker and its clients, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CredentialSpec:
    """A client of the embedded broker.

    Attributes:
        client: Name of the client, which is also its user name.
        publish: MQTT topic filters that the client may publish to.
        subscribe: MQTT topic filters that the client may subscribe to.
    """

    client: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokerSpec:
    """The embedded broker.

    Attributes:
        address: Address of the stack's part.
        ports: Port numbers by name.
        users: Names of the clients.
        server: Name of the server, nats or mosquitto.
        tls_names: DNS names of the server's certificate, that of the URL first; without any there is no TLS.
    """

    address: str
    ports: dict[str, int]
    users: tuple[str, ...]
    server: str = "nats"
    tls_names: tuple[str, ...] = ()
