"""Owner: whether the other end of a connection is run by the user who runs the broker of this machine."""

from __future__ import annotations

import errno
import logging
import time
from typing import Any

from rohe_iac.foundation.peers import peer_of
from rohe_iac.mqtt.address import BrokerAddress

LOG = logging.getLogger("rohe.mqtt")

PATIENCE = 2.0
"""Seconds for which a process is waited for that accepts the connection."""


def check_owner(broker: BrokerAddress, sock: Any) -> None:
    """Refuses a broker of another user before the password is sent.

    While the broker does not run, any user of this machine can listen on its port.

    Args:
        broker: Address of the broker; where it names no owner, nothing is checked.
        sock: The connected socket.

    Raises:
        OSError: Another user holds the port, or nobody accepts the connection.
    """
    if broker.owner is None:
        return
    near, far = sock.getsockname()[:2], sock.getpeername()[:2]
    end = time.monotonic() + PATIENCE
    # The other end has an owner as soon as its process has accepted the connection.
    while (peer := peer_of(near, far)) is None:
        if time.monotonic() > end:
            raise ConnectionResetError(errno.ECONNRESET, "nobody accepts the connection")
        time.sleep(0.002)
        sock.getpeername()  # raises ENOTCONN where the other end has gone again
    if peer.uid != broker.owner:
        LOG.error("%s is held by %s, not by the stack's broker: no password was sent", broker.url, peer.user)
        raise PermissionError(errno.EPERM, f"the port is held by {peer.user}, who does not run the stack's broker")
