"""Holder: the process that holds a lease, by a name that no other process has, on whichever machine."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.deployment.files.lock import user_name
from rohe_iac.foundation.canonical import sha256_hex

MACHINE = Path("/etc/machine-id")
"""The file with the id of this machine (machine-id(5)); a container may have none, or that of its image."""

BOOT = Path("/proc/sys/kernel/random/boot_id")
"""The file with the id of the kernel's run, which no two machines share (random(4))."""

PROCESS_IDS = Path("/proc/self/ns/pid")
"""The link that names the namespace of process ids of this process (pid_namespaces(7))."""


@dataclass(frozen=True)
class LeaseHolder:
    """The holder of a lease.

    Attributes:
        user: Name of the user.
        host: Name of the machine.
        pid: Id of the process, 0 where it is not known.
        began: When the process began, in ticks of the kernel's clock; ids of processes are used again.
        place: What tells where `pid` means this process: machine, run of its kernel, and namespace of process ids, as
            a digest; "" where that cannot be told.
        unique: What tells the holder from all others.
    """

    user: str
    host: str
    pid: int
    began: str
    place: str
    unique: str

    @classmethod
    def of_this_process(cls) -> LeaseHolder:
        """Returns a holder in this process."""
        return cls(
            user_name().replace(":", "-"),
            socket.gethostname().replace(":", "-"),
            os.getpid(),
            _beginning(os.getpid()),
            _place(),
            uuid.uuid4().hex,
        )

    @classmethod
    def read(cls, identity: str) -> LeaseHolder:
        """Returns the holder that a lease names; another tool than rohe may have written it."""
        parts = identity.split(":")
        user, _, host = parts[0].rpartition("@")
        if len(parts) != 5 or not host or not (parts[1].isascii() and parts[1].isdecimal()):
            return cls("", identity, 0, "", "", identity)
        return cls(user, host, int(parts[1]), *parts[2:])

    @property
    def identity(self) -> str:
        """Returns the holder as a lease names it."""
        return f"{self.user}@{self.host}:{self.pid}:{self.began}:{self.place}:{self.unique}"

    @property
    def runs(self) -> bool | None:
        """Returns whether the holder is a process that runs; None where that cannot be told from here.

        It can be told of processes that share this one's ids alone: names of machines are not unique, and a process of
        another container on this machine has other ids.
        """
        if not self.place or self.place != _place() or not self.began:
            return None
        return _beginning(self.pid) == self.began

    def __str__(self) -> str:
        """Returns the holder as people name it."""
        process = f" (pid {self.pid})" if self.pid else ""
        return f"{self.user or 'somebody'} on {self.host}{process}"


def _place() -> str:
    """Returns where the ids of this process's namespace are valid, as a digest, since an id of a machine is private."""
    try:
        machine = MACHINE.read_text().strip()
    except (OSError, UnicodeDecodeError):
        machine = ""
    try:
        place = f"rohe {machine} {BOOT.read_text().strip()} {os.readlink(PROCESS_IDS)}"
    except (OSError, UnicodeDecodeError):
        return ""
    return sha256_hex(place.encode())[:16]


def _beginning(pid: int) -> str:
    """Returns when a process began (`starttime` of proc_pid_stat(5)), "" where there is none of this id."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, UnicodeDecodeError, IndexError):
        return ""
