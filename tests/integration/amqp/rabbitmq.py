"""RabbitMQ of Debian as a process of a test session: with its own folders and port mapper, on an address of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika
import pytest
from observed_brokers import free_port

from rohe_iac.targets.broker.certificates import new_authority, new_server

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""The program itself; the one on PATH changes to the user rabbitmq first."""

AMQP_PORT = 5672
"""The port that QoA4ML's client always uses without TLS."""

USER, PASSWORD = "guest", "guest"
"""The credentials that QoA4ML's client always uses without TLS."""

OTHER_PASSWORD = "0ther"
"""The password of the user `rohe`."""

AGENT_USER, AGENT_PASSWORD = "agent", "agent's"
"""The credentials of the agents in these tests, who may do no more than docs/amqp.md says."""

OF_AGENT, OF_EXCHANGE = r"^rohe\..*$", r"^(rohe\..*|qoa-.*)$"
"""What the agents may write, and what they may configure and read, for the exchange of the clients is absent first."""

SETTINGS = """
listeners.tcp.1 = {host}:{port}
listeners.ssl.1 = {host}:{tls_port}
ssl_options.certfile = {folder}/server.crt
ssl_options.keyfile = {folder}/server.key
mqtt.listeners.tcp.1 = {host}:{mqtt_port}
mqtt.exchange = amq.topic
load_definitions = {folder}/definitions.json
loopback_users = none
log.console = true
log.file = false
"""


@dataclass
class RabbitMq:
    """A node of RabbitMQ that can be killed and started again with the same messages.

    Attributes:
        host: The loopback address that it listens on, which is that of no other test session.
    """

    folder: Path
    host: str
    tls_port: int
    mqtt_port: int
    mapper_port: int
    node_port: int
    process: subprocess.Popen[bytes] | None = field(default=None)
    mapper: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"amqp://{self.host}"

    @property
    def mqtt_url(self) -> str:
        return f"mqtt://{self.host}:{self.mqtt_port}"

    def prepare(self) -> None:
        """Writes what the node reads, and starts the port mapper of Erlang, which would outlive the node otherwise."""
        home = self.folder / "home"
        home.mkdir()
        cookie = home / ".erlang.cookie"
        cookie.touch(mode=0o600)
        cookie.write_text(os.urandom(16).hex())
        authority = new_authority("tests", time.time())
        server = new_server(authority, ["localhost", self.host], time.time())
        for name, content in (("ca.crt", authority.certificate), ("server.crt", server.certificate)):
            (self.folder / name).write_bytes(content)
        (self.folder / "server.key").write_bytes(server.key)
        settings = SETTINGS.format(
            host=self.host,
            port=AMQP_PORT,
            tls_port=self.tls_port,
            mqtt_port=self.mqtt_port,
            folder=self.folder,
        )
        (self.folder / "rabbitmq.conf").write_text(settings)
        (self.folder / "plugins").write_text("[rabbitmq_mqtt].")
        everything = {"vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
        definitions = {
            "users": [
                {"name": USER, "password": PASSWORD, "tags": "administrator"},
                {"name": "rohe", "password": OTHER_PASSWORD, "tags": ""},
                {"name": AGENT_USER, "password": AGENT_PASSWORD, "tags": ""},
            ],
            "vhosts": [{"name": "/"}],
            "permissions": [
                *({"user": name, **everything} for name in (USER, "rohe")),
                {"user": AGENT_USER, "vhost": "/", "configure": OF_EXCHANGE, "write": OF_AGENT, "read": OF_EXCHANGE},
            ],
        }
        (self.folder / "definitions.json").write_text(json.dumps(definitions))
        self.mapper = subprocess.Popen(
            ["epmd", "-address", "127.0.0.1", "-port", str(self.mapper_port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
        )

    def start(self) -> None:
        """Starts the node, and returns once a client can connect."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.mapper_port),
            "RABBITMQ_NODENAME": f"rohe{os.getpid()}@localhost",
            "RABBITMQ_DIST_PORT": str(self.node_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # One scheduler that does not spin: the node shares two cores with what is tested.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
        }
        with (self.folder / "rabbitmq.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(SERVER)], stdout=log, stderr=log, env=environment, start_new_session=True
            )
        end = time.monotonic() + 120
        while True:
            try:
                self.connect().close()
                return
            except (pika.exceptions.AMQPError, OSError):
                assert self.process.poll() is None, self.log()
                assert time.monotonic() < end, self.log()
                time.sleep(0.2)

    def log(self) -> str:
        return (self.folder / "rabbitmq.log").read_text()[-4000:]

    def connect(self) -> Any:
        """Returns a connection of a client of the test's own."""
        credentials = pika.PlainCredentials(USER, PASSWORD)
        return pika.BlockingConnection(pika.ConnectionParameters(self.host, AMQP_PORT, credentials=credentials))

    def evaluate(self, expressions: str) -> str:
        """Has the node evaluate expressions of Erlang, as `rabbitmqctl eval` does, but within milliseconds."""
        cookie = (self.folder / "home" / ".erlang.cookie").read_text()
        command = ["erl_call", "-c", cookie, "-address", f"127.0.0.1:{self.node_port}", "-e"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home")}
        done = subprocess.run(
            command, input=f"{expressions}\n".encode(), env=environment, capture_output=True, check=False, timeout=60
        )
        output = done.stdout.decode()
        assert done.returncode == 0, output + done.stderr.decode()
        assert output.startswith("{ok,"), output
        return output

    def set_agent_password(self, password: str) -> None:
        """Sets the password of the agents' user, as `rabbitmqctl change_password` does."""
        said = self.evaluate(
            f'rabbit_auth_backend_internal:change_password(<<"{AGENT_USER}">>, <<"{password}">>, <<"tests">>).'
        )
        assert "ok" in said.removeprefix("{ok,"), said

    def close_all_connections(self) -> None:
        """Ends the connections of everybody, as `rabbitmqctl close_all_connections` does."""
        self.evaluate('rabbit_networking:close_connections(rabbit_networking:connections(), <<"tests">>).')

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to all processes of the node."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kills the node as a whole."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def end(self) -> None:
        """Kills the node and the mapper of ports."""
        self.kill()
        if self.mapper is not None:
            self.mapper.kill()
            self.mapper.wait()

    def waiting(self, queue: str) -> int:
        """Returns how many messages of a queue are ready, and so neither delivered nor acknowledged."""
        connection = self.connect()
        try:
            return int(connection.channel().queue_declare(queue, passive=True).method.message_count)
        finally:
            connection.close()


def rabbitmq(folder: Path) -> RabbitMq:
    """Returns a node that was not started; without RabbitMQ the test is skipped, loudly."""
    if not SERVER.exists():
        pytest.skip("RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)")
    number = os.getpid() % 60_000
    host = f"127.{22 + number // 250 % 200}.{number // 250 % 250}.{1 + number % 250}"
    assert re.fullmatch(r"127(\.\d{1,3}){3}", host)
    with socket.socket() as sock:
        sock.bind((host, AMQP_PORT))
    return RabbitMq(folder, host, *(free_port() for _ in range(4)))
