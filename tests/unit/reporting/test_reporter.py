"""The reporter as a service sees it: it accepts or refuses, never raises, never dies and never blocks for long."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.mqtt.address import BrokerAddress, UnusableCredentials, broker_address
from rohe_iac.reporting import Command, Reporter
from rohe_iac.reporting.command import CommandDesk
from rohe_iac.reporting.settings import ReporterSettings

UNREACHABLE = BrokerAddress("127.0.0.1", 1)


def reporter(folder: Path, **changes: Any) -> Reporter:
    defaults: dict[str, Any] = {
        "broker": UNREACHABLE, "stack": "s", "pipeline": "p", "service": "svc", "instance": "svc-0", "outbox": folder,
    }  # fmt: skip
    return Reporter(ReporterSettings(**{**defaults, **changes}))


def test_without_an_address_it_warns_once_and_refuses(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A library that other tests of this process use may have switched existing loggers off.
    monkeypatch.setattr(logging.getLogger("rohe.reporting"), "disabled", False)
    with caplog.at_level(logging.WARNING):
        silent = Reporter.from_environment({})
    assert "ROHE_REPORT_URL is not set" in caplog.text
    assert silent.report(request="r") is False
    silent.on_command(lambda command: (True, ""))
    silent.close()


def test_with_credentials_that_are_missing_the_service_goes_on() -> None:
    silent = Reporter.from_environment(
        {"ROHE_REPORT_URL": "mqtt://127.0.0.1:1", "ROHE_REPORT_CREDENTIALS": "/nowhere/file.json"}
    )
    assert silent.report() is False


def test_reports_are_accepted_while_there_is_no_broker(tmp_path: Path) -> None:
    observed = reporter(tmp_path)
    assert all(observed.report(request=f"r{number}", fields={"x": number}) for number in range(20))
    assert (observed.accepted, observed.refused) == (20, 0)
    observed.close(timeout=0)


@pytest.mark.parametrize(
    "fields", [{"x": float("nan")}, {"x": object()}, {"x": "y" * 300_000}, {"x": {1, 2}}, {("a",): 1}]
)
def test_what_cannot_be_sent_is_refused_and_counted(tmp_path: Path, fields: Any) -> None:
    observed = reporter(tmp_path)
    assert observed.report(fields=fields) is False
    assert observed.refused == 1
    observed.close(timeout=0)


def test_numbers_of_numerical_libraries_are_taken(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    observed = reporter(tmp_path)
    assert observed.report(metrics={"c": numpy.float32(0.5)}, fields={"p": numpy.arange(3), "n": numpy.int64(3)})
    assert observed._outbox is not None
    sent = json.loads(observed._outbox.entries_after(0, 1)[0].payload)
    assert (sent["metrics"], sent["fields"]) == ({"c": 0.5}, {"p": [0, 1, 2], "n": 3})
    observed.close(timeout=0)


def test_a_full_outbox_refuses_and_says_so_in_its_counts(tmp_path: Path) -> None:
    observed = reporter(tmp_path, most_reports=2)
    assert [observed.report() for _ in range(4)] == [True, True, False, False]
    assert observed._counts() == {"accepted": 2, "refused": 2, "waiting": 2}
    observed.close(timeout=0)


def test_a_database_that_is_held_by_another_makes_it_refuse_and_not_wait(tmp_path: Path) -> None:
    import sqlite3

    observed = reporter(tmp_path)
    holder = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert observed.report() is False
    holder.execute("ROLLBACK")
    assert observed.report() is True
    observed.close(timeout=0)


def test_threads_share_one_reporter(tmp_path: Path) -> None:
    observed = reporter(tmp_path)
    threads = [threading.Thread(target=lambda: [observed.report() for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert observed._outbox is not None
    numbers = [entry.seq for entry in observed._outbox.entries_after(0, 1000)]
    assert numbers == list(range(1, observed.accepted + 1))
    assert observed.accepted + observed.refused == 200
    observed.close(timeout=0)


def test_after_close_reports_are_refused(tmp_path: Path) -> None:
    observed = reporter(tmp_path)
    observed.close(timeout=0)
    assert observed.report() is False


def test_a_service_that_reports_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "pulumi", "numpy", "pymongo", "rich", "typer", "msgspec", "sklearn")
    code = (
        "import sys; from rohe_iac.reporting import Reporter; import rohe_iac.reporting.sender;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def desk(callback: Any) -> tuple[CommandDesk, list[dict[str, Any]]]:
    answers: list[dict[str, Any]] = []
    command_desk = CommandDesk("svc-0", lambda _client, payload: answers.append(json.loads(payload)))
    if callback is not None:
        command_desk.on_command(callback)
    return command_desk, answers


def deliver(command_desk: CommandDesk, *payloads: bytes) -> None:
    for payload in payloads:
        command_desk.receive(payload)
    command_desk.close()


ORDER = b'{"id":"1","action":"degrade","service":"c","members":["a"],"reply":"agent"}'


def test_a_command_reaches_the_callback_and_its_answer_the_agent() -> None:
    seen: list[Command] = []

    def obey(command: Command) -> tuple[bool, str]:
        seen.append(command)
        return True, "done"

    command_desk, answers = desk(obey)
    deliver(command_desk, ORDER)
    assert seen == [Command("1", "degrade", "c", ("a",))]
    assert answers == [{"id": "1", "client": "svc-0", "accepted": True, "why": "done"}]


def test_a_command_that_comes_again_is_answered_again_and_done_once() -> None:
    calls: list[Command] = []
    command_desk, answers = desk(lambda command: (calls.append(command) is None, "done"))
    deliver(command_desk, ORDER, ORDER, ORDER)
    assert (len(calls), len(answers)) == (1, 3)


def test_a_callback_that_raises_is_a_refusal() -> None:
    def fail(_command: Command) -> tuple[bool, str]:
        raise RuntimeError("no")

    command_desk, answers = desk(fail)
    deliver(command_desk, ORDER)
    assert answers[0]["accepted"] is False
    assert answers[0]["why"] == "RuntimeError: no"


def test_a_service_without_a_callback_refuses() -> None:
    command_desk, answers = desk(None)
    deliver(command_desk, ORDER)
    assert answers[0]["accepted"] is False


def test_what_is_no_command_is_dropped() -> None:
    command_desk, answers = desk(lambda command: (True, ""))
    deliver(command_desk, b"", b"[]", b'{"id": 1}', b"null", b'{"id":"1","action":"x","members":1}')
    assert answers == []


@pytest.mark.parametrize("url", ["", "http://h:1", "mqtt://", "mqtt://h:port", "mqtt://h:99999"])
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(UnusableCredentials):
        broker_address(url)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(BrokerAddress("h", 1, user="u", password="secret"))
