"""Client certificates of a stack's own broker, with each server: who gets in, as whom, and what others are told."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_client import node_client
from stack_broker import STACK, StackBroker, wait_for

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.foundation.topics import ack_topic, report_topic
from rohe_iac.mqtt.address import BrokerAddress, UnusableCredentials, broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.targets.broker.certificates import KeyPair, new_authority, new_client
from rohe_iac.targets.broker.specs import CredentialSpec
from rohe_iac.targets.local.broker.credentials import Credentials
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor.probes import fault_of

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module", params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackBroker]:
    broker = StackBroker(tmp_path_factory.mktemp("stack"), request.param, demands_certificates=True)
    broker.start()
    yield broker
    broker.kill()


def test_a_broker_of_the_user_s_is_reached_with_files_of_the_user_s(broker: StackBroker, tmp_path: Path) -> None:
    """The broker stands for one that the stack does not run; a folder has what its client needs, as a Secret would."""
    known = broker.address("cam")
    for name, content in (
        ("user", known.user), ("password", known.password), ("ca.crt", known.ca), ("tls.crt", known.certificate),
        ("tls.key", known.key),
    ):  # fmt: skip
        (tmp_path / name).write_text(content)
    (tmp_path / "stack").mkdir()
    layout = Layout(StackFolder(tmp_path / "stack"), tmp_path).ensure()
    credentials = Credentials(layout)
    wanted = CredentialSpec("cam", (), (), "file:.", known.url, known.mqtt)
    assert credentials.put(wanted)
    assert credentials.matches(wanted)
    assert not credentials.put(wanted)
    connection = Connection(broker_address(known.url, layout.credential("cam")), "cam-x")
    connection.start()
    try:
        wait_for(lambda: connection.up)
    finally:
        connection.close()
    (tmp_path / "password").write_text("another")
    assert not credentials.matches(wanted)
    (tmp_path / "user").unlink()
    with pytest.raises(UnusableCredentials):
        credentials.put(wanted)


def _showing(address: BrokerAddress, pair: KeyPair) -> BrokerAddress:
    """Returns an address whose client shows another certificate than that of its credentials."""
    return dataclasses.replace(address, certificate=pair.certificate.decode(), key=pair.key.decode(), source=None)


def _words_for(address: BrokerAddress) -> str:
    """Returns why a client that is refused has no connection."""
    connection = Connection(address, "stranger")
    connection.start()
    try:
        wait_for(lambda: connection.last_error not in ("", "not connected yet"))
        assert not connection.up
        return connection.last_error
    finally:
        connection.close()


def test_agent_and_reporter_work_with_their_own_certificates(broker: StackBroker, tmp_path: Path) -> None:
    assert broker.address("cam").url.startswith("mqtts://")
    with broker.agent(tmp_path / "store"):
        reporter = broker.reporter("cam", "cam-0", tmp_path / "outbox")
        assert reporter.report(request="r", start=time.time(), end=time.time())
        assert reporter.flush(20)
        reporter.close()
    assert fault_of(broker.program.liveness, 0) == ""  # type: ignore[arg-type]


@pytest.mark.platform
def test_the_client_for_nodejs_shows_the_certificate_of_its_credentials(broker: StackBroker, tmp_path: Path) -> None:
    command = node_client(tmp_path, broker.credentials("cam"), "cam-node", ack_topic(STACK, "cam-0"))
    subprocess.run(command, check=True, timeout=60)


@pytest.mark.platform
def test_the_client_for_nodejs_says_on_one_line_why_it_is_refused(broker: StackBroker, tmp_path: Path) -> None:
    access, log = tmp_path / "access.json", tmp_path / "log"
    known = json.loads(broker.credentials("cam").read_bytes())
    access.write_text(json.dumps({name: known[name] for name in ("url", "user", "password", "ca")}))
    with log.open("w") as stream:
        command = node_client(tmp_path, access, "cam-node", ack_topic(STACK, "cam-0"))
        process = subprocess.Popen(command, stderr=stream)
    try:
        wait_for(lambda: log.read_text().count("\n") >= 3)
    finally:
        process.kill()
        process.wait()
    lines = log.read_text().splitlines()
    assert all(line.startswith(f"{known['url']}: ") and line.split(": ", 1)[1] for line in lines), lines


def test_the_client_of_the_page_reports_with_its_certificate(broker: StackBroker, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "wire-protocol.md").read_text()
    found = re.search(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert found is not None
    program = tmp_path / "client.py"
    program.write_text(found[1])
    environment = {
        "ROHE_STACK": STACK, "ROHE_PIPELINE": "desk", "ROHE_SERVICE": "web", "ROHE_INSTANCE": "web-1",
        "ROHE_REPORT_CREDENTIALS": str(broker.credentials("web")),
    }  # fmt: skip
    with broker.agent(tmp_path / "store") as worker:
        done = subprocess.run(
            [sys.executable, str(program)], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        wait_for(lambda: worker._answers.status.get("counts", {}).get("reports") == 3)


def test_a_client_without_a_certificate_is_told_that_it_needs_one(broker: StackBroker) -> None:
    address = dataclasses.replace(broker.address("cam"), certificate="", key="", source=None)
    assert "the broker demands a certificate of the client" in _words_for(address)


@pytest.mark.parametrize(
    ("age_days", "says"), [(0, ("does not trust the authority", "does not accept")), (400, ("expired",))]
)
def test_a_certificate_of_another_authority_or_time_is_refused_in_words(
    broker: StackBroker, age_days: int, says: tuple[str, ...]
) -> None:
    then = time.time() - age_days * 86400
    authority = new_authority("rohe elsewhere", then)
    if age_days:
        authority = broker.files.tls.certificate().authority
    words = _words_for(_showing(broker.address("cam"), new_client(authority, "cam", then)))
    assert any(part in words for part in (*says, "does not accept")), words


def test_who_a_client_is_follows_from_its_certificate_and_not_from_the_user_that_it_names(broker: StackBroker) -> None:
    """With web's name and password, but cam's key, nobody speaks for web."""
    cam, web = broker.address("cam"), broker.address("web")
    heard: list[Incoming] = []
    agent = Connection(
        broker.address("agent"), "agent-x", subscriptions=(report_topic(STACK, "+", "+"),), on_message=heard.append
    )
    forger = Connection(_showing(web, KeyPair(cam.certificate.encode(), cam.key.encode())), "forger")
    honest = Connection(cam, "honest")
    for client in (agent, honest, forger):
        client.start()
    try:
        wait_for(lambda: agent.up and honest.up)
        wait_for(lambda: forger.up or "refused" in forger.last_error)
        forger.publish(Outgoing(report_topic(STACK, "web", "web-0"), b"forged"))
        wait_for(lambda: not forger.up or forger.denials.count)
        assert honest.publish(Outgoing(report_topic(STACK, "cam", "cam-0"), b"own"))
        wait_for(lambda: heard)
        assert [message.payload for message in heard] == [b"own"]
    finally:
        for client in (agent, honest, forger):
            client.close()
