"""The target `local` with the real engine: resources are supervised, repaired, changed singly, and gone at the end."""

from __future__ import annotations

import json
import os
import queue
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.deployment.run.outcome import Ending
from rohe_iac.targets.broker.server import BrokerMissing
from rohe_iac.targets.broker.servers import SERVERS

pytestmark = pytest.mark.engine


def test_apply_makes_everything_once_and_destroy_leaves_no_process_port_or_file(bench: Any) -> None:
    first, second = bench.port(), bench.port()
    manifests = [bench.process("web-0", first), bench.process("web-1", second)]
    assert bench.up(*manifests).ending is Ending.COMPLETE
    assert (bench.answer(first), bench.answer(second)) == ("web-0", "web-1")
    before = bench.processes()

    again = bench.up(*manifests)
    assert (again.changes, len(again.same)) == (0, 3)
    assert bench.processes() == before
    assert bench.faults(*manifests) == ()

    for path in bench.folder.path.rglob("*"):
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path
    assert bench.down().ending is Ending.COMPLETE
    assert (bench.answer(first), bench.answer(second), bench.processes()) == ("", "", set())
    assert sorted(path.name for path in bench.folder.path.iterdir()) == ["engine", "journal.jsonl"]


def test_a_changed_replica_is_changed_alone_and_one_no_longer_wanted_goes(bench: Any) -> None:
    ports = [bench.port() for _ in range(3)]
    kept, changed, dropped = (bench.process(f"web-{index}", port) for index, port in enumerate(ports))
    bench.up(kept, changed, dropped)
    pids = {name: bench.pid(name) for name in ("web-0", "web-1", "web-2")}

    other = bench.process("web-1", ports[1], environment={"ROHE_INSTANCE": "new", "ROHE_PORT_HTTP": str(ports[1])})
    outcome = bench.up(kept, other)

    assert outcome.updated == ("replica/desk:web/1",)
    assert outcome.deleted == ("process-web-2",)
    assert bench.answer(ports[1]) == "new"
    assert bench.pid("web-0") == pids["web-0"]
    assert bench.processes() == {pids["web-0"], bench.pid("web-1")}


def test_a_killed_replica_answers_on_its_port_again_and_its_children_do_not_linger(bench: Any) -> None:
    port = bench.port()
    parent = "import subprocess, sys; subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    server = bench.process("web-0", port)
    script = json.loads(json.dumps(_command(server)))
    bench.up(bench.process("web-0", port, [*script[:2], parent + script[2]]))
    before = bench.pid("web-0")
    os.kill(before, signal.SIGKILL)
    assert bench.until(lambda: bench.answer(port) == "web-0", 5.0)
    assert bench.pid("web-0") != before
    live = next(part for part in bench.target.live() if part.instance == "web-0")
    assert live.restarts == 1
    bench.down()
    assert bench.processes() == set()


def test_a_killed_supervisor_comes_back_by_itself_without_second_copies(bench: Any) -> None:
    port = bench.port()
    web = bench.process("web-0", port)
    bench.up(web)
    supervisor, program = bench.supervisor(), bench.pid("web-0")
    os.kill(supervisor, signal.SIGKILL)
    assert bench.until(lambda: bench.state("web-0") == "running" and bench.pid("web-0") != program, 60.0)
    assert bench.until(lambda: bench.answer(port) == "web-0")
    assert bench.supervisor() != supervisor
    assert bench.processes() == {bench.pid("web-0")}
    assert bench.until(lambda: bench.faults(web) == ())


def test_a_stopped_broker_is_a_fault_until_it_is_restarted(bench: Any) -> None:
    mqtt, nats = bench.port(), bench.port()
    watcher = bench.credential("watcher", [], ["a/+"])
    broker = bench.broker(mqtt, nats, [watcher])
    assert bench.up(watcher, broker).ending is Ending.COMPLETE
    before = bench.pid("broker")
    os.kill(before, signal.SIGSTOP)
    assert bench.until(lambda: bench.state("broker") == "suspended")
    assert "broker/broker" in bench.faults(watcher, broker)
    assert bench.until(lambda: bench.pid("broker") not in (0, before) and bench.state("broker") == "running", 60.0)


def test_a_missing_command_fails_alone_and_is_named_and_what_does_not_depend_on_it_is_made(bench: Any) -> None:
    good, bad, quick = bench.port(), bench.port(), bench.port()
    outcome = bench.up(
        bench.process("good-0", good),
        bench.process("bad-0", bad, ["no-such-command"]),
        bench.process("quick-0", quick, ["python", "-c", "raise SystemExit('the model is missing')"]),
    )
    assert outcome.ending is Ending.PARTIAL
    assert bench.answer(good) == "good-0"
    reasons = {failure.address: failure.reason for failure in outcome.failed}
    assert "'no-such-command' does not exist" in reasons["replica/desk:bad/0"]
    assert "the model is missing" in reasons["replica/desk:quick/0"]
    assert [live.instance for live in bench.target.live()] == ["good-0"]


def test_a_change_that_does_not_get_ready_leaves_the_old_one_running(bench: Any) -> None:
    port = bench.port()
    good = bench.process("web-0", port)
    bench.up(good)
    outcome = bench.up(bench.process("web-0", port, ["python", "-c", "raise SystemExit('no')"]))
    assert outcome.ending is Ending.PARTIAL
    assert bench.until(lambda: bench.answer(port) == "web-0")
    assert bench.up(good).ending is Ending.COMPLETE


def test_two_stacks_live_side_by_side_and_the_end_of_one_does_not_touch_the_other(bench: Any) -> None:
    other = bench.another("shelf")
    try:
        here, there = bench.port(), bench.port()
        bench.up(bench.process("web-0", here))
        other.up(other.process("web-0", there))
        bench.down()
        assert (bench.answer(here), bench.answer(there)) == ("", "web-0")
    finally:
        other.clear()


def test_a_lost_state_of_the_engine_is_made_good_without_making_anything_twice(bench: Any) -> None:
    port = bench.port()
    web = bench.process("web-0", port)
    bench.up(web)
    before = bench.processes()
    backend = bench.folder.engine / "backend" / ".pulumi" / "stacks" / "tests"
    for path in backend.iterdir():
        path.write_bytes(b"")
    assert bench.up(web).ending is Ending.COMPLETE
    assert bench.processes() == before
    assert bench.answer(port) == "web-0"


def test_two_replicas_swap_their_ports_within_one_apply(bench: Any) -> None:
    first, second = bench.port(), bench.port()
    bench.up(bench.process("web-0", first), bench.process("web-1", second))
    outcome = bench.up(bench.process("web-0", second), bench.process("web-1", first))
    assert outcome.ending is Ending.COMPLETE
    assert (bench.answer(first), bench.answer(second)) == ("web-1", "web-0")


def test_what_depends_on_a_failed_resource_is_not_tried_and_said_so(bench: Any) -> None:
    port = bench.port()
    bad = bench.process("bad-0", bench.port(), ["no-such-command"])
    outcome = bench.up(bad, bench.process("web-0", port, needed=("process-bad-0",)))
    assert [failure.address for failure in outcome.failed] == ["replica/desk:bad/0"]
    assert outcome.skipped == ("replica/desk:web/0",)
    assert bench.answer(port) == ""


def test_a_port_goes_over_to_a_new_replica_within_one_apply(bench: Any) -> None:
    port = bench.port()
    bench.up(bench.process("old-0", port))
    assert bench.up(bench.process("new-0", port)).ending is Ending.COMPLETE
    assert bench.answer(port) == "new-0"
    assert [live.instance for live in bench.target.live()] == ["new-0"]


def test_strays_that_no_manifest_names_are_swept(bench: Any, tmp_path: Path) -> None:
    from rohe_iac.targets.local.resources import Site
    from rohe_iac.targets.local.stack_folder import Layout
    from rohe_iac.targets.local.supervisor.program import Program

    web = bench.process("web-0", bench.port())
    bench.up(web)
    site = Site(Layout(bench.folder, tmp_path))
    site.programs.put(
        Program("stray-0", "replica/desk:stray/0", ("sleep", "600"), "/", {"PATH": "/bin"}), site.cancelled
    )
    assert "program stray-0" in bench.faults(web)
    assert bench.up(web).swept == ("program stray-0",)
    assert [live.instance for live in bench.target.live()] == ["web-0"]


def test_secrets_reach_the_process_and_neither_the_engine_s_state_nor_its_logs(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_TOKEN", "hush-1234567")
    port = bench.port()
    variables = {"ROHE_PORT_HTTP": str(port)}
    bench.up(bench.process("web-0", port, environment=variables, secrets={"ROHE_INSTANCE": "env:CAMERA_TOKEN"}))
    assert bench.answer(port) == "hush-1234567"
    for path in bench.folder.path.rglob("*"):
        if path.is_file() and path.name != "program.json":
            assert b"hush-1234567" not in path.read_bytes(), path
    # Somebody who does not have the secret may apply all the same where nothing has to be started with it.
    monkeypatch.delenv("CAMERA_TOKEN")
    again = bench.up(bench.process("web-0", port, environment=variables, secrets={"ROHE_INSTANCE": "env:CAMERA_TOKEN"}))
    assert (again.changes, again.failed) == (0, ())
    outcome = bench.up(bench.process("web-0", port, environment=variables, secrets={"ROHE_INSTANCE": "env:NOT_THERE"}))
    assert "env:NOT_THERE is not there" in outcome.failed[0].reason


def test_a_stack_lives_in_a_folder_with_a_long_and_odd_name(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a b; #c %(d)s [e] 'f' ü" / ("x" * 120)))
    odd = bench.another("desk")
    try:
        port = odd.port()
        assert odd.up(odd.process("web-0", port)).ending is Ending.COMPLETE
        assert odd.answer(port) == "web-0"
        odd.down()
        assert odd.answer(port) == ""
    finally:
        odd.clear()


@pytest.mark.platform
def test_memory_is_limited_where_the_kernel_lets_this_user(bench: Any) -> None:
    port = bench.port()
    hungry = "block = b'x' * (300 * 2**20)\n"
    script = _command(bench.process("web-0", port))
    if not os.access("/sys/fs/cgroup/memory", os.W_OK):
        pytest.skip("control groups cannot be made by this user")
    limits = {"memory": 100 * 2**20}
    outcome = bench.up(bench.process("web-0", port, [*script[:2], hungry + script[2]], limits=limits, startup=8))
    assert outcome.ending is Ending.PARTIAL
    assert bench.up(bench.process("web-0", port, limits=limits)).ending is Ending.COMPLETE


def _command(manifest: Any) -> list[str]:
    import yaml

    return list(yaml.safe_load(manifest.text)["spec"]["command"])


@pytest.mark.parametrize("server", SERVERS)
def test_a_client_may_do_what_it_was_granted_and_learns_of_more_without_being_dropped(bench: Any, server: str) -> None:
    try:
        SERVERS[server].binary()
    except BrokerMissing as error:
        pytest.skip(error.brief)
    mqtt, nats = bench.port(), bench.port()
    watcher = bench.credential("watcher", [], ["a/+"])
    speaker = bench.credential("speaker", ["a/one"], [])
    broker = bench.broker(mqtt, nats, [speaker, watcher], server)
    assert bench.up(watcher, speaker, broker).ending is Ending.COMPLETE
    assert bench.up(watcher, speaker, broker).changes == 0
    pid = bench.pid("broker")

    received: queue.Queue[str] = queue.Queue()
    listener = _client(bench, "watcher")
    listener.on_message = lambda client, userdata, message: received.put(message.topic)
    listener.subscribe("a/+", qos=1)
    listener.loop_start()
    publisher = _client(bench, "speaker")
    publisher.loop_start()
    try:
        assert bench.until(lambda: publisher.is_connected() and listener.is_connected())
        _publish_until_received(bench, publisher, received, "a/one")
        publisher.publish("a/two", "denied", qos=1)

        # What was not granted then is granted now; nobody was disconnected, and the denied message never came.
        bench.up(watcher, bench.credential("speaker", ["a/one", "a/two"], []), broker)
        assert bench.pid("broker") == pid
        _publish_until_received(bench, publisher, received, "a/two")
        assert listener.is_connected()
    finally:
        for client in (listener, publisher):
            client.disconnect()
            client.loop_stop()

    stranger = _client(bench, "speaker", password="guessed")
    refused: queue.Queue[Any] = queue.Queue()
    stranger.on_connect = lambda client, userdata, flags, reason, properties: refused.put(reason)
    stranger.loop_start()
    try:
        assert refused.get(timeout=10).is_failure
    finally:
        stranger.disconnect()
        stranger.loop_stop()


def _client(bench: Any, name: str, password: str = "") -> Any:
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    value = json.loads((bench.folder.credentials / f"{name}.json").read_bytes())
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"{name}-0{password}")
    client.username_pw_set(value["user"], password or value["password"])
    client.connect("127.0.0.1", int(value["url"].rsplit(":", 1)[1]))
    return client


def _publish_until_received(bench: Any, publisher: Any, received: Any, topic: str) -> None:
    # A subscription and a grant take effect a moment after they are asked for.
    def arrives() -> bool:
        publisher.publish(topic, "hello", qos=1)
        try:
            return bool(received.get(timeout=0.5) == topic)
        except queue.Empty:
            return False

    assert bench.until(arrives, 20.0), topic
