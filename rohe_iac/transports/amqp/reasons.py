"""Why there is no connection to a RabbitMQ, in words."""

from __future__ import annotations

import re
import shlex
import ssl
from typing import Any

from rohe_iac.observation.configuration import AmqpExchange
from rohe_iac.transports.amqp.connection import virtual_host

IN_THE_WAY = re.compile(r"for (?P<kind>queue|exchange) '(?P<name>[^']+)'")
"""What RabbitMQ says of a queue or exchange that has other arguments than those that are declared."""


def reason_of(error: BaseException, exchange: AmqpExchange) -> str:
    """Returns in words why a connection failed or ended.

    Args:
        error: What the library or a socket raised.
        exchange: Address of the broker, and the user.
    """
    url, kind = exchange.url, type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        return "the library pika is not installed: install rohe-iac[amqp]"
    if "IncompatibleProtocol" in kind and url.startswith("amqps:"):
        # With TLS 1.3 a broker refuses a client without certificate after the handshake, and may have closed before its
        # alert is read. The library takes both for another protocol; it is one reason, whichever was seen.
        return (
            f"{url} ended TLS at once, perhaps because it demands a client certificate, which an agent cannot show"
            " over AMQP yet: set ssl_options.fail_if_no_peer_cert = false in rabbitmq.conf; the agent shows user and"
            " password"
        )
    if "Authentication" in kind:
        return f"{url} refuses the user '{exchange.user}': check user and password"
    if "AccessDenied" in kind:
        return (
            f"{url} does not let the user '{exchange.user}' use the virtual host '{virtual_host(url)}': check that it"
            " exists, and give the user rights there (rabbitmqctl set_permissions)"
        )
    code, text = getattr(error, "reply_code", 0), str(getattr(error, "reply_text", ""))
    if code == 403:
        return (
            f"{url} does not permit it to the user '{exchange.user}': {text}; give the user configure, write and read"
            f" on all names that begin with '{exchange.queue}', and read on the exchange '{exchange.exchange}', with"
            " configure where that is not there yet (rabbitmqctl set_permissions)"
        )
    if code == 406:
        return f"{url}: nothing is consumed: {text}; {_to_do_about_another(text, url)}"
    if code:
        return f"{url} ended the connection with {code}: {text}"
    inner: Any = error
    # The library wraps what a socket raised in what it raises itself, several times.
    while not isinstance(inner, OSError):
        deeper = getattr(inner, "exception", None) or next(
            (item for item in getattr(inner, "args", ()) if isinstance(item, BaseException)), None
        )
        if deeper is None or deeper is inner:
            break
        inner = deeper
    if isinstance(inner, ssl.SSLError):
        return f"{url}: TLS failed: {inner.reason or inner}"
    if isinstance(inner, OSError):
        return f"{url}: {inner.strerror or inner}"
    return f"{url}: {type(inner).__name__}: {inner}".rstrip(": ")


def _to_do_about_another(text: str, url: str) -> str:
    """Returns in words what to do about a queue or exchange of the agent's name that is not the agent's."""
    found, vhost = IN_THE_WAY.search(text), shlex.quote(virtual_host(url))
    if found is None:
        return "another program or version made it: delete it, and the agent makes it again"
    name = shlex.quote(found["name"])
    if found["kind"] == "exchange":
        return (
            "another program or version made this exchange: delete it, and the agent makes it again:"
            f" rabbitmqadmin --vhost={vhost} delete exchange name={name}"
        )
    return (
        "another program or version made this queue: take out the messages that you need and delete it, and the agent"
        f" makes it again: rabbitmqctl --vhost {vhost} delete_queue {name}"
    )
