"""TLS of a client: whom it trusts, the certificate that it shows, and why a broker or the client refused the other."""

from __future__ import annotations

import os
import re
import socket
import ssl

from rohe_iac.mqtt.address import BrokerAddress

_REFUSALS = {
    "CERTIFICATE_REQUIRED": "the broker demands a certificate of the client",
    "UNKNOWN_CA": "the broker does not trust the authority that signed the client's certificate",
    "BAD_CERTIFICATE": "the broker does not accept the client's certificate",
    "CERTIFICATE_UNKNOWN": "the broker does not accept the client's certificate",
    "CERTIFICATE_EXPIRED": "the broker says that the client's certificate has expired",
    "CERTIFICATE_REVOKED": "the broker says that the client's certificate is revoked",
}
"""What the alerts of a server say (RFC 8446, section 6.2), by the end of OpenSSL's name for them."""


PATIENCE = 2.0
"""Seconds to wait for a server's word on the client's certificate."""


def client_context(broker: BrokerAddress) -> ssl.SSLContext:
    """Returns the settings of TLS connections to a broker.

    Raises:
        ssl.SSLError: The authorities, the client's certificate or its key cannot be read, or do not fit each other.
    """
    context = ssl.create_default_context(cadata=broker.ca or None)
    if broker.certificate:
        _show(context, f"{broker.certificate}\n{broker.key}\n".encode())
    return context


def tls_words(text: str) -> str:
    """Returns what a failure of TLS means, in front of OpenSSL's own words; the text itself where that is not known."""
    found = re.search(r"ALERT[_ ]([A-Z_ ]+)", text.upper())
    words = _REFUSALS.get(found[1].strip().replace(" ", "_"), "") if found else ""
    return f"{words} ({text})" if words else text


def refusal_of(broker: BrokerAddress) -> str:
    """Asks a broker by a connection of its own why it refuses the client; returns "" where it does not.

    With TLS 1.3 a server judges the client's certificate after the client's handshake has ended. What it says then is
    lost to a client that has sent its CONNECT meanwhile, so this one sends nothing.
    """
    try:
        with (
            socket.create_connection((broker.host, broker.port), PATIENCE) as sock,
            client_context(broker).wrap_socket(sock, server_hostname=broker.host) as secure,
        ):
            secure.settimeout(PATIENCE)
            secure.recv(1)
    except ssl.SSLError as error:
        return tls_words(str(error))
    except OSError:
        pass
    return ""


def _show(context: ssl.SSLContext, pair: bytes) -> None:
    """Has the context show a certificate; the interface takes paths alone, and the key stays off the disk."""
    file = os.memfd_create("certificate")
    try:
        os.write(file, pair)
        context.load_cert_chain(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
