"""The broker of a stack as a process, and clients of it: agents, reporters, and plain clients of any user."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from rohe_iac.agent.worker import Worker
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.foundation.topics import Grants, agent_grants, operator_grants, service_grants
from rohe_iac.mqtt.address import BrokerAddress, broker_address
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.reporting.reporter import Reporter
from rohe_iac.reporting.settings import settings_from
from rohe_iac.targets.broker.server import BrokerMissing
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.broker.embedded import LocalBroker
from rohe_iac.targets.local.stack_folder import Layout

STACK, AGENT = "desk", "rohe-agent-desk-0"
SERVICES = {"web": ("web-0", "web-1"), "cam": ("cam-0",)}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for(condition: Callable[[], object], patience: float = 20.0) -> None:
    """Waits until `condition()` is true."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come"
        time.sleep(0.02)


class StackBroker:
    """A broker's process with the users web, cam, agent and operator of the stack `desk`.

    With `demands_certificates` clients connect by TLS alone, and show a certificate of their own.
    """

    def __init__(self, folder: Path, server: str, *, demands_certificates: bool = False) -> None:
        try:
            SERVERS[server].binary()
        except BrokerMissing as error:
            pytest.skip(error.brief)
        self.server = server
        self.layout = Layout(StackFolder(folder), folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        self.layout.ensure()
        self.users = credentials = Credentials(self.layout)
        grants: dict[str, Grants] = {"operator": operator_grants(STACK), "agent": agent_grants(STACK, [AGENT])}
        grants |= {name: service_grants(STACK, name, instances) for name, instances in SERVICES.items()}
        for client, granted in grants.items():
            credentials.put(CredentialSpec(client, granted.publish, granted.subscribe))
        names = ("127.0.0.1", "localhost") if demands_certificates else ()
        ports = {"mqtt": free_port(), "nats": free_port()}
        self.spec = BrokerSpec("broker/broker", ports, tuple(grants), server, names, demands_certificates)
        self.files = LocalBroker(self.layout, credentials)
        self.program = self.files.prepare(self.spec, STACK)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    @property
    def log(self) -> str:
        return (self.layout.folder.path / "broker.log").read_text()

    def start(self) -> None:
        with (self.layout.folder.path / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.program.argv, cwd=self.program.cwd, env=dict(self.program.environment), stdout=log, stderr=log
            )

        def answers() -> bool:
            with socket.socket() as sock:
                return sock.connect_ex(("127.0.0.1", self.spec.ports["mqtt"])) == 0

        wait_for(answers)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def credentials(self, user: str) -> Path:
        return self.layout.credential(user)

    def address(self, user: str) -> BrokerAddress:
        return broker_address("", self.credentials(user))

    @contextmanager
    def agent(self, folder: Path) -> Iterator[Worker]:
        """Yields an agent at work that observes the services; it is stopped at the end."""
        instances = tuple(
            Instance(instance=name, topic=service, service=service)
            for service, names in SERVICES.items()
            for name in names
        )
        configuration = Configuration(
            stack=STACK,
            pipeline="desk",
            agent=AGENT,
            services=tuple(ServiceSpec(name=name) for name in SERVICES),
            instances=instances,
            contracts=(),
        )
        worker = Worker(configuration, self.address("agent"), folder)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            thread.join()

    def reporter(self, service: str, instance: str, folder: Path) -> Reporter:
        """Returns a reporter of rohe's own library."""
        environment = {
            "ROHE_STACK": STACK, "ROHE_PIPELINE": "desk", "ROHE_SERVICE": service, "ROHE_INSTANCE": instance,
            "ROHE_OUTBOX": str(folder / instance), "ROHE_REPORT_URL": self.address(service).url,
            "ROHE_REPORT_CREDENTIALS": str(self.credentials(service)),
        }  # fmt: skip
        settings = settings_from(environment)
        assert settings is not None
        return Reporter(settings)


class PlainClient:
    """A client that knows nothing of rohe: paho with a user's password and whatever identifier it likes."""

    def __init__(self, broker: StackBroker, user: str, client_id: str, *, version: int = paho.MQTTv311) -> None:
        content = json.loads(broker.credentials(user).read_bytes())
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.connects: queue.Queue[Any] = queue.Queue()
        self.granted: queue.Queue[list[Any]] = queue.Queue()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version)
        self.client.username_pw_set(content["user"], content["password"])
        self.client.on_message = lambda client, userdata, message: self.received.put((message.topic, message.payload))
        self.client.on_connect = lambda client, userdata, flags, reason, properties: self.connects.put(reason)
        self.client.on_subscribe = lambda client, userdata, mid, reasons, properties: self.granted.put(reasons)
        self.client.connect("127.0.0.1", int(content["url"].rpartition(":")[2]))
        self.client.loop_start()

    def connected(self) -> bool:
        return not self.connects.get(timeout=10).is_failure

    def subscribe(self, topic_filter: str) -> bool:
        """Returns whether the broker grants the filter."""
        self.client.subscribe(topic_filter, qos=1)
        return not self.granted.get(timeout=10)[0].is_failure

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=qos, retain=retain)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
