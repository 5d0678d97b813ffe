"""What is made of the URL of a RabbitMQ, and of what is secret about it."""

from __future__ import annotations

import ssl

from rohe_iac.observation.configuration import AmqpExchange
from rohe_iac.transports.amqp.connection import AmqpAccess, connection_parameters

EXCHANGE = AmqpExchange(url="amqp://broker", user="rohe", exchange="qoa", queue="q")
ACCESS = AmqpAccess("secret")


def test_the_url_gives_host_port_virtual_host_and_tls() -> None:
    plain = connection_parameters(EXCHANGE, ACCESS)
    assert (plain.host, plain.port, plain.virtual_host, plain.ssl_options) == ("broker", 5672, "/", None)
    other = AmqpExchange(url="amqps://broker/a%2Fb", user="rohe", exchange="qoa", queue="q")
    secured = connection_parameters(other, ACCESS)
    assert (secured.port, secured.virtual_host) == (5671, "a/b")
    assert secured.ssl_options.context.verify_mode == ssl.CERT_REQUIRED
    assert secured.ssl_options.context.check_hostname
    assert "secret" not in repr(ACCESS)
