"""docs/wire-protocol.md is true: its sample and its clients reach an agent over either broker."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from stack_broker import AGENT, STACK, PlainClient, StackBroker, wait_for

from rohe_iac.agent.orders import RESEND_INTERVAL
from rohe_iac.foundation.topics import MAX_REPORT_BYTES, ack_topic, report_topic
from rohe_iac.foundation.wire import report_bounds as wire
from rohe_iac.observation.reports.watermark import GRACE_PERIOD
from rohe_iac.reporting import sender
from rohe_iac.targets.broker.server import MAX_PAYLOAD

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/wire-protocol.md").read_text()
pytestmark = pytest.mark.broker


def _pieces(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_has_the_times_of_the_code() -> None:
    page = " ".join(PAGE.split())
    assert f"at most {sender.MAX_IN_FLIGHT} of them sent and not acknowledged" in page
    first = f"{sender.MIN_RESEND_DELAY:g} s, then {2 * sender.MIN_RESEND_DELAY:g} s"
    assert f"the oldest of them is not acknowledged for {first}, and so on up to {sender.MAX_RESEND_DELAY:g} s" in page
    assert sender.HOLE_RESEND_INTERVAL == 0.5
    assert "at most every half second" in page
    assert f"after each connect, and every {sender.STATE_INTERVAL:g} s" in page
    assert (sender.PROMISE_INTERVAL, sender.PROMISE_MARGIN) == (1.0, 1.0)
    assert "every second while no report is under way" in page
    assert "the present minus one second" in page
    assert f"The agent waits {GRACE_PERIOD:g} s for a missing `seq`" in page
    assert f"A command comes again every {RESEND_INTERVAL:g} s until it is answered" in page
    program = (ROOT / "examples/node/reporter.mjs").read_text()
    bounds = (MAX_REPORT_BYTES, sender.MAX_IN_FLIGHT, sender.MIN_RESEND_DELAY, sender.MAX_RESEND_DELAY)
    constants = "[MAX_BYTES, MAX_IN_FLIGHT, MIN_DELAY, MAX_DELAY, HOLE_DELAY]"
    assert f"{constants} = [256 * 1024, 512, 3000, 30_000, 500]" in program
    assert bounds == (256 * 1024, 512, 3.0, 30.0)


def test_the_page_has_the_bounds_of_the_code() -> None:
    assert f"at most {wire.MAX_SEQ} (2^53-1)" in PAGE
    assert f"at most {MAX_REPORT_BYTES // 1024} KiB ({MAX_REPORT_BYTES} bytes)" in " ".join(PAGE.split())
    assert f"more than {MAX_PAYLOAD // 1024} KiB ends the connection" in " ".join(PAGE.split())
    reporting = (ROOT / "docs/reporting.md").read_text()
    bounds = (
        f"a report of {MAX_REPORT_BYTES // 1024} KiB, names of {wire.MAX_NAME_LENGTH:,} characters,"
        f" {wire.MAX_VALUES:,} metrics and {wire.MAX_VALUES:,} fields, lists and objects {wire.MAX_DEPTH} levels deep"
    )
    assert bounds in " ".join(reporting.split())
    assert f"| one report | {MAX_REPORT_BYTES // 1024} KiB |" in reporting
    assert f"larger than {MAX_REPORT_BYTES // 1024} KiB, or beyond" in reporting


def test_reports_beyond_the_bounds_are_acknowledged_exactly_where_the_page_says(
    own_broker: StackBroker, tmp_path: Path
) -> None:
    """Each message is one whose number can be read, or not; the acknowledgement says which ones were."""
    now = time.time()

    def report(seq: int, **changes: object) -> bytes:
        content = {"v": 1, "seq": seq, "client": "cam-0", "boot": "1f6a", "at": now, "service": "cam", **changes}
        return json.dumps(content, separators=(",", ":")).encode()

    large = {"x": "y" * MAX_REPORT_BYTES}
    messages = [
        report(1, at="noon"),
        report(2, fields=large),
        report(wire.MAX_SEQ + 1),
        b" " + report(3, fields=large),
        b"not json",
        report(4),
    ]
    acks: list[dict[str, Any]] = []
    with own_broker.agent(tmp_path / "store") as worker:
        client = PlainClient(own_broker, "cam", "of-another-language")
        try:
            assert client.connected()
            assert client.subscribe(ack_topic(STACK, "cam-0"))
            wait_for(lambda: worker._transport.connection.up)
            for payload in messages:
                client.publish(report_topic(STACK, "cam", "cam-0"), payload)

            def acknowledged() -> bool:
                acks.append(json.loads(client.received.get(timeout=20)[1]))
                return acks[-1]["up_to_seq"] == 4

            wait_for(acknowledged)
            wait_for(lambda: worker._answers.status["counts"].get("undecodable") == 5)
        finally:
            client.close()
    assert acks[-1]["holes"] == [[3, 3]]


def test_the_sample_sent_by_a_plain_client_is_acknowledged_as_the_page_says(
    own_broker: StackBroker, tmp_path: Path
) -> None:
    now = time.time()
    sample = {**json.loads(_pieces("json")[0]), "client": "cam-0", "instance": "cam-0", "service": "cam",
              "pipeline": "desk", "at": now, "start": now, "end": now}  # fmt: skip
    with own_broker.agent(tmp_path / "store"):
        client = PlainClient(own_broker, "cam", "of-another-language")
        try:
            assert client.connected()
            assert client.subscribe(ack_topic(STACK, "cam-0"))
            found: list[dict[str, object]] = []

            def acknowledged() -> bool:
                # The agent may not have subscribed yet; the page says to send again.
                client.publish(report_topic(STACK, "cam", "cam-0"), json.dumps(sample).encode())
                try:
                    found.append(json.loads(client.received.get(timeout=1)[1]))
                except queue.Empty:
                    return False
                return found[-1]["boot"] == sample["boot"]

            wait_for(acknowledged)
        finally:
            client.close()
    assert set(found[-1]) == set(json.loads(_pieces("json")[1]))
    assert (found[-1]["up_to_seq"], found[-1]["holes"]) == (1, [])


def _environment(broker: StackBroker) -> dict[str, str]:
    return {
        "ROHE_STACK": STACK, "ROHE_PIPELINE": "desk", "ROHE_SERVICE": "web", "ROHE_INSTANCE": "web-1",
        "ROHE_REPORT_URL": broker.address("web").url, "ROHE_REPORT_CREDENTIALS": str(broker.credentials("web")),
    }  # fmt: skip


def test_the_client_of_the_page_reports_to_the_end(own_broker: StackBroker, tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text(_pieces("python")[0])
    with own_broker.agent(tmp_path / "store") as worker:
        done = subprocess.run(
            [sys.executable, str(program)],
            env=_environment(own_broker),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        wait_for(lambda: worker._answers.status.get("counts", {}).get("reports") == 3)
        assert worker._answers.status["agent"] == AGENT


@pytest.mark.platform
def test_the_client_for_nodejs_reports_to_the_end_as_a_user_of_the_stack(
    own_broker: StackBroker, tmp_path: Path
) -> None:
    """Its user has the grants that apply gives, and the file of credentials says whose process the broker is."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (Debian: apt-get install nodejs)")
    credentials = json.loads(own_broker.credentials("web").read_bytes())
    assert isinstance(credentials["owner"], int)
    command = [node, str(ROOT / "examples/node/report.mjs")]
    environment = {**_environment(own_broker), "ROHE_OUTBOX": str(tmp_path / "outbox")}
    lines = "".join(json.dumps({"request": f"r{number}", "metrics": {"confidence": 1}}) + "\n" for number in range(3))
    with own_broker.agent(tmp_path / "store") as worker:
        done = subprocess.run(
            command, env=environment, input=lines, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "accepted r0\naccepted r1\naccepted r2\n"
        wait_for(lambda: worker._answers.status.get("counts", {}).get("reports") == 3)
    stranger = tmp_path / "credentials.json"
    stranger.write_text(json.dumps({**credentials, "owner": credentials["owner"] + 1}))
    log = tmp_path / "log"
    with log.open("w") as stream:
        environment["ROHE_REPORT_CREDENTIALS"] = str(stranger)
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=stream)
    try:
        wait_for(lambda: "another user holds the broker's port" in log.read_text())
    finally:
        process.kill()
        process.communicate()
