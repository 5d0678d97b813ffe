"""Peers: who is at the other end of a TCP connection within this machine, and who listens, by the kernel's tables.

Loopback addresses carry no identity: any local user can connect. Linux lists every TCP socket of the network namespace
with its owner in /proc/net/tcp and /proc/net/tcp6 (proc(5), Documentation/networking/proc_net_tcp in its sources).
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import pwd
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""The kernel's tables of TCP sockets."""

Endpoint = tuple[str, int]
"""An IP address and a TCP port."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The socket at the other end of a connection.

    Attributes:
        uid: Id of the user who opened the socket.
        inode: Number of the socket, as in /proc/PID/fd.
    """

    uid: int
    inode: int

    @property
    def user(self) -> str:
        """Returns the user's name with the id, or the id alone where there is no name."""
        try:
            return f"{pwd.getpwuid(self.uid).pw_name} (uid {self.uid})"
        except KeyError:
            return f"uid {self.uid}"

    def belongs_to(self, pid: int) -> bool:
        """Returns whether the process `pid` has the socket open; False where this user may not look."""
        wanted = f"socket:[{self.inode}]"
        folder = f"/proc/{pid}/fd"
        try:
            descriptors = os.listdir(folder)
        except OSError:
            return False
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                if os.readlink(f"{folder}/{descriptor}") == wanted:
                    return True
        return False


def peer_of(near: Endpoint, far: Endpoint) -> Peer | None:
    """Returns the socket at the far end of a connection within this machine.

    Args:
        near: Address and port of this end.
        far: Address and port of the other end.

    Returns:
        None where there is no such socket or no process has it open any more. The kernel lists a socket that was
        closed under user 0, so the number of the user alone would take a stranger for root.
    """
    # This is asked at each call of the engine, and a busy machine has thousands of sockets: only one row is split.
    wanted = [f" {theirs} {ours} " for theirs, ours in zip(_hexadecimal(far), _hexadecimal(near), strict=True)]
    for line in _lines():
        if wanted[0] in line or wanted[1] in line:
            row = line.split()
            return Peer(int(row[7]), int(row[9])) if int(row[9]) else None
    return None


LISTEN = "0A"
"""State of a listening socket in the tables (enum in net/tcp_states.h)."""


def listeners(max_age: float = 0.0) -> dict[int, int]:
    """Returns the TCP ports that processes of this network namespace listen on, by the number of the socket.

    The kernel walks through every connection of the machine to list them, which takes some 10 ms of processor time.

    Args:
        max_age: Seconds for which an earlier answer may be given again, also to other threads.
    """
    global _listeners
    with _listing:
        if time.monotonic() - _listeners[0] > max_age:
            found = {
                int(row[9]): int(row[1].rsplit(":", 1)[1], 16) for row in map(str.split, _lines()) if row[3] == LISTEN
            }
            _listeners = (time.monotonic(), found)
        return _listeners[1]


_listing = threading.Lock()
_listeners: tuple[float, dict[int, int]] = (float("-inf"), {})
"""When the listening sockets were listed last (monotonic seconds), and what was found."""


def _lines() -> list[str]:
    lines: list[str] = []
    for table in TABLES:
        with contextlib.suppress(OSError):
            lines += table.read_text(encoding="ascii").splitlines()[1:]
    return lines


def _hexadecimal(endpoint: Endpoint) -> tuple[str, str]:
    """Returns an endpoint as the tables for IPv4 and IPv6 have it; an IPv4 address is mapped in the latter."""
    address, port = ipaddress.ip_address(endpoint[0]), f"{endpoint[1]:04X}"
    if isinstance(address, ipaddress.IPv4Address):
        mapped = bytes(10) + b"\xff\xff" + address.packed
        return f"{_words(address.packed)}:{port}", f"{_words(mapped)}:{port}"
    plain = address.ipv4_mapped.packed if address.ipv4_mapped is not None else b""
    return f"{_words(plain)}:{port}", f"{_words(address.packed)}:{port}"


def _words(packed: bytes) -> str:
    # The kernel prints an address as numbers of 32 bits in the machine's own byte order.
    numbers = [int.from_bytes(packed[index : index + 4], sys.byteorder) for index in range(0, len(packed), 4)]
    return "".join(f"{number:08X}" for number in numbers)
