"""Either reporter as a service sees it: it accepts or refuses, never raises, never dies and never blocks for long."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.reporting import Reporter

Open = Callable[..., Any]


def test_without_an_address_it_warns_once_and_refuses(
    kind: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A library that other tests of this process use may have switched existing loggers off.
    monkeypatch.setattr(logging.getLogger("rohe.reporting"), "disabled", False)
    with caplog.at_level(logging.WARNING):
        silent = kind.from_environment({})
    assert "ROHE_REPORT_URL is not set" in caplog.text
    assert silent.report(request="r") is False
    silent.on_command(lambda command: (True, ""))
    silent.close()


def test_with_credentials_that_are_missing_the_service_goes_on(kind: Any) -> None:
    silent = kind.from_environment(
        {"ROHE_REPORT_URL": "mqtt://127.0.0.1:1", "ROHE_REPORT_CREDENTIALS": "/nowhere/file.json"}
    )
    assert silent.report() is False


def test_reports_are_accepted_while_there_is_no_broker(open_reporter: Open, tmp_path: Path) -> None:
    reporter = open_reporter(tmp_path)
    assert all(reporter.report(request=f"r{number}", fields={"x": number}) for number in range(20))
    assert (reporter.accepted, reporter.refused) == (20, 0)
    reporter.close(timeout=0)


@pytest.mark.parametrize(
    "fields", [{"x": float("nan")}, {"x": object()}, {"x": "y" * 300_000}, {"x": {1, 2}}, {("a",): 1}]
)
def test_what_cannot_be_sent_is_refused_and_counted(open_reporter: Open, tmp_path: Path, fields: Any) -> None:
    reporter = open_reporter(tmp_path)
    assert reporter.report(fields=fields) is False
    assert reporter.refused == 1
    reporter.close(timeout=0)


NOT_FOR_AGENTS: list[tuple[dict[str, Any], str]] = [
    ({"request": 7}, "request: has to be a text, not 7"),
    ({"request": "x" * 1001}, "request: a name of 1,001 characters is longer than 1,000"),
    ({"request": "\ud800"}, "request: is not JSON: 'utf-8' codec can't encode"),
    ({"start": "noon"}, 'start: has to be a number of seconds, not "noon"'),
    ({"end": 1_767_225_600_000_000}, "end: 1767225600000000 is no time in seconds since 1970"),
    ({"at": -1.0}, "at: -1.0 is no time in seconds"),
    ({"end": 4321.75}, "end: 4322 s after 1970 is years ago"),
    ({"metrics": {"confidence": "high"}}, "metrics: 'confidence' has to be a number, not \"high\""),
    ({"metrics": {"confidence": True}}, "metrics: 'confidence' has to be a number, not true"),
    ({"metrics": {"confidence": float("inf")}}, "metrics: 'confidence' is not JSON: Out of range float"),
    ({"metrics": [("confidence", 0.5)]}, "metrics: have to be values by name"),
    ({"metrics": {f"m{number}": 1.0 for number in range(1001)}}, "metrics: 1,001 values are more than 1,000"),
    ({"fields": {"n" * 1001: 1}}, "fields: a name of 1,001 characters"),
    ({"fields": {"count": 2**64}}, "fields: the integer 18446744073709551616 has more than 64 bits"),
    ({"fields": {"tree": eval("[" * 64 + "]" * 64)}}, "fields: values are nested more than 64 levels deep"),
    ({"fields": {"x": "y" * 262_000}}, "report: its 262,"),
]


@pytest.mark.parametrize(("arguments", "why"), NOT_FOR_AGENTS)
def test_what_no_agent_takes_is_refused_with_the_argument_to_blame(
    open_reporter: Open,
    tmp_path: Path,
    arguments: dict[str, Any],
    why: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A library that other tests of this process use may have switched existing loggers off.
    monkeypatch.setattr(logging.getLogger("rohe.reporting"), "disabled", False)
    reporter = open_reporter(tmp_path)
    assert reporter.report(**arguments) is False
    assert reporter.refusals == {"invalid": 1}
    assert why in caplog.text
    reporter.close(timeout=0)


def test_the_first_refusal_of_each_argument_is_logged(
    open_reporter: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("rohe.reporting"), "disabled", False)
    reporter = open_reporter(tmp_path)
    for _ in range(3):
        reporter.report(request=7)
        reporter.report(start="noon")
    assert caplog.text.count("report dropped") == 2
    reporter.close(timeout=0)


def test_foreign_values_may_raise_anything(open_reporter: Open, tmp_path: Path) -> None:
    class Failing:
        def item(self) -> float:
            raise RuntimeError("no number yet")

    reporter = open_reporter(tmp_path)
    assert reporter.report(metrics={"loss": Failing()}) is False
    assert reporter.refusals == {"invalid": 1}
    reporter.close(timeout=0)


def test_under_a_name_that_no_agent_takes_nothing_is_reported(
    open_reporter: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("rohe.reporting"), "disabled", False)
    reporter = open_reporter(tmp_path, node="n" * 1001)
    assert reporter.report() is False
    assert "nothing will be reported: no agent would take a report of this name: node: a name of 1,001" in caplog.text
    reporter.close(timeout=0)


def test_numbers_of_numerical_libraries_are_taken(open_reporter: Open, tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    reporter = open_reporter(tmp_path)
    assert reporter.report(metrics={"c": numpy.float32(0.5)}, fields={"p": numpy.arange(3), "n": numpy.int64(3)})
    assert reporter._outbox is not None
    sent = json.loads(reporter._outbox.entries_after(0, 1)[0].payload)
    assert (sent["metrics"], sent["fields"]) == ({"c": 0.5}, {"p": [0, 1, 2], "n": 3})
    reporter.close(timeout=0)


def test_a_full_outbox_refuses_and_says_so_in_its_counts(open_reporter: Open, tmp_path: Path) -> None:
    reporter = open_reporter(tmp_path, most_reports=2)
    assert [reporter.report() for _ in range(4)] == [True, True, False, False]
    assert reporter._counts() == {
        "accepted": 2, "refused": 2, "waiting": 2, "pending": 0, "refusals": {"full": 2},
    }  # fmt: skip
    reporter.close(timeout=0)


def test_a_database_that_is_held_by_another_makes_it_refuse_and_not_wait(open_reporter: Open, tmp_path: Path) -> None:
    import sqlite3

    reporter = open_reporter(tmp_path)
    holder = sqlite3.connect(tmp_path / "outbox.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert reporter.report() is False
    holder.execute("ROLLBACK")
    assert reporter.report() is True
    reporter.close(timeout=0)


def test_threads_share_one_reporter(open_reporter: Open, tmp_path: Path) -> None:
    reporter = open_reporter(tmp_path)
    threads = [threading.Thread(target=lambda: [reporter.report() for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reporter._outbox is not None
    numbers = [entry.seq for entry in reporter._outbox.entries_after(0, 1000)]
    assert numbers == list(range(1, reporter.accepted + 1))
    assert reporter.accepted + reporter.refused == 200
    reporter.close(timeout=0)


def test_after_close_reports_are_refused(open_reporter: Open, tmp_path: Path) -> None:
    reporter = open_reporter(tmp_path)
    reporter.close(timeout=0)
    assert reporter.report() is False


def test_a_service_that_reports_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "pulumi", "numpy", "pymongo", "rich", "typer", "msgspec", "sklearn")
    code = (
        "import sys; from rohe_iac.reporting import Reporter; import rohe_iac.reporting.sender, asyncio;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_offers_the_reporter_and_the_command_and_nothing_else() -> None:
    from rohe_iac import reporting
    from rohe_iac.reporting.reporter import Reporter as Original

    assert Reporter is Original
    with pytest.raises(AttributeError, match="no attribute 'Outbox'"):
        reporting.Outbox  # noqa: B018
