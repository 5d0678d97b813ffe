"""Why there is no connection over AMQP, in words: of what the library raises, and at servers that end TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from pathlib import Path

import pika
import pika.exceptions
import pytest

from rohe_iac.observation.configuration import AmqpExchange
from rohe_iac.targets.broker.certificates import new_authority, new_server
from rohe_iac.transports.amqp.connection import AmqpAccess, connection_parameters
from rohe_iac.transports.amqp.reasons import reason_of

EXCHANGE = AmqpExchange(url="amqp://broker", user="rohe", exchange="qoa", queue="q")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (pika.exceptions.ProbableAuthenticationError("x"), "refuses the user 'rohe': check user and password"),
        (pika.exceptions.ProbableAccessDeniedError("x"), "use the virtual host '/': check that it exists"),
        (
            pika.exceptions.ChannelClosedByBroker(403, "no access to queue 'q'"),
            "and read on all names that begin with 'q'",
        ),
        (
            pika.exceptions.ChannelClosedByBroker(406, "inequivalent arg 'x-a' for queue 'q.kept' in vhost '/'"),
            "take out the messages that you need and delete it, and the agent makes it again:"
            " rabbitmqctl --vhost / delete_queue q.kept",
        ),
        (
            pika.exceptions.ChannelClosedByBroker(406, "inequivalent arg 'type' for exchange 'q.dead' in vhost '/'"),
            "delete it, and the agent makes it again: rabbitmqadmin --vhost=/ delete exchange name=q.dead",
        ),
        (
            pika.exceptions.ChannelClosedByBroker(406, "other words"),
            "nothing is consumed: other words; another program or version made it: delete it",
        ),
        (pika.exceptions.AMQPConnectionError(ConnectionRefusedError(111, "refused")), "amqp://broker: refused"),
        (ModuleNotFoundError("pika"), "the library pika is not installed: install rohe-iac[amqp]"),
    ],
)
def test_why_there_is_no_connection_is_said_in_words(error: Exception, words: str) -> None:
    assert words in reason_of(error, EXCHANGE)


@pytest.mark.parametrize("alert", [True, False], ids=["its alert is read", "it closes before its alert is read"])
def test_a_broker_that_demands_a_client_certificate_is_told_of(tmp_path: Path, alert: bool) -> None:
    authority = new_authority("tests", time.time())
    server = new_server(authority, ["localhost"], time.time())
    for name, content in (("ca", authority.certificate), ("crt", server.certificate), ("key", server.key)):
        (tmp_path / name).write_bytes(content)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca"))
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    context.verify_mode = ssl.CERT_REQUIRED if alert else ssl.CERT_NONE
    ended = threading.Event()

    def refuse(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secured:
            with contextlib.suppress(ssl.SSLError):
                secured.do_handshake()
            if alert:
                # To close with data unread would reset the connection, and the client might not see the alert.
                ended.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse, args=(listener,))
        thread.start()
        url = f"amqps://localhost:{listener.getsockname()[1]}"
        exchange = AmqpExchange(url=url, user="rohe", exchange="qoa", queue="q")
        with pytest.raises(pika.exceptions.AMQPError) as caught:
            pika.BlockingConnection(
                connection_parameters(exchange, AmqpAccess("secret", authority.certificate.decode()))
            )
        ended.set()
        thread.join()
    assert ("CERTIFICATE_REQUIRED" in str(caught.value)) == alert
    assert reason_of(caught.value, exchange).startswith(
        f"{url} ended TLS at once, perhaps because it demands a client certificate, which an agent cannot show"
    )
