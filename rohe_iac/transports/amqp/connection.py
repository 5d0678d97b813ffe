"""How an agent connects to a RabbitMQ: address, credentials and TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from rohe_iac.observation.configuration import AmqpExchange

HEARTBEAT = 15
"""Seconds of silence after which either end takes the connection for lost, about."""

CONNECT_TIMEOUT = 5.0
"""Seconds for each step of connecting."""

PORTS = {"amqp": 5672, "amqps": 5671}
"""The TCP ports that IANA assigns to AMQP, without and with TLS, by the scheme of a URL."""


@dataclass(frozen=True, slots=True, repr=False)
class AmqpAccess:
    """What is secret about a connection, or differs by machine.

    Attributes:
        password: Password of the user.
        ca: Certificates (PEM) of the authorities to trust for amqps; "" for those of the system.
    """

    password: str
    ca: str = ""


def connection_parameters(exchange: AmqpExchange, access: AmqpAccess) -> Any:
    """Returns the library's parameters of a connection.

    Args:
        exchange: Address of the broker, and the user.
        access: The password, and what to trust.
    """
    pika = library()
    parts = urlsplit(exchange.url)
    host = parts.hostname or "localhost"
    options = None
    if parts.scheme == "amqps":
        options = pika.SSLOptions(ssl.create_default_context(cadata=access.ca or None), server_hostname=host)
    return pika.ConnectionParameters(
        host=host,
        port=parts.port or PORTS[parts.scheme],
        virtual_host=virtual_host(exchange.url),
        credentials=pika.PlainCredentials(exchange.user, access.password, erase_on_connect=True),
        heartbeat=HEARTBEAT,
        socket_timeout=CONNECT_TIMEOUT,
        stack_timeout=2 * CONNECT_TIMEOUT,
        connection_attempts=1,
        ssl_options=options,
        client_properties={"connection_name": f"rohe {exchange.queue}"},
    )


def virtual_host(url: str) -> str:
    """Returns the virtual host that a URL names, by default `/`."""
    return unquote(urlsplit(url).path.removeprefix("/")) or "/"


def library() -> Any:
    """Returns the client library, which is an extra, and which nothing else imports."""
    import pika
    import pika.exceptions

    return pika
