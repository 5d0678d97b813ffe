"""Claims about the tally of the engine's events: what was done, what failed and why, what was skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.run.event_tally import EventTally, engine_listener
from rohe_iac.deployment.run.failures import provider_message
from rohe_iac.deployment.run.outcome import Ending
from rohe_iac.deployment.run.program import in_order
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest

ADDRESSES = {"process-a": "replica/p:a/0", "process-b": "replica/p:b/0", "process-c": "replica/p:c/0"}


class _RecordedProgress:
    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def on_begin(self, verb: str, address: str) -> None:
        self.lines.append(("begins", verb, address))

    def on_end(self, verb: str, address: str, seconds: float) -> None:
        self.lines.append(("ended", verb, address))

    def on_failure(self, verb: str, address: str, why: str) -> None:
        self.lines.append(("failed", verb, address, why))

    def on_wait(self, address: str, words: str) -> None:
        self.lines.append(("waits", address, words))

    def on_note(self, text: str) -> None:
        self.lines.append(("note", text))


def _event(kind: str, name: str, op: str, type_: str = "rohe:local:Process") -> EngineEvent:
    urn = f"urn:pulumi:desk::tests::{type_}::{name}"
    metadata = {"op": op, "urn": urn, "type": type_, "provider": "", "old": None, "new": None}
    body: dict[str, Any] = {"metadata": metadata}
    if kind == "resOpFailedEvent":
        body |= {"status": 1, "steps": 1}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: body})


def _said(name: str, message: str) -> EngineEvent:
    urn = f"urn:pulumi:desk::tests::rohe:local:Process::{name}"
    body = {"message": message, "color": "never", "severity": "error", "urn": urn}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": body})


@pytest.fixture
def journal(tmp_path: Path) -> RunJournal:
    return RunJournal(StackFolder(tmp_path), SystemClock())


def test_a_failure_is_told_with_the_target_s_own_words_whichever_event_comes_first(journal: RunJournal) -> None:
    for order in (0, 1):
        progress = _RecordedProgress()
        tally = EventTally(progress, journal, ADDRESSES, SystemClock())
        events = [_said("process-b", "error: no port left"), _event("resOpFailedEvent", "process-b", "create")]
        with engine_listener(tally) as listen:
            listen(_event("resourcePreEvent", "process-a", "create"))
            listen(_event("resOutputsEvent", "process-a", "create"))
            for event in events if order else reversed(events):
                listen(event)
        outcome = tally.outcome(0, failed=True)
        assert outcome.ending is Ending.PARTIAL
        assert outcome.exit_code == 9
        assert outcome.created == ("replica/p:a/0",)
        assert [(failure.verb, failure.address, failure.reason) for failure in outcome.failed] == [
            ("create", "replica/p:b/0", "no port left")
        ]
        assert outcome.skipped == ("replica/p:c/0",)
        assert progress.lines[-1] == ("failed", "create", "replica/p:b/0", "no port left")


def test_the_engine_s_own_resources_are_not_counted(journal: RunJournal) -> None:
    tally = EventTally(_RecordedProgress(), journal, ADDRESSES, SystemClock())
    tally.take(_event("resOutputsEvent", "rohe", "create", "pulumi:providers:rohe"))
    tally.take(_event("resourcePreEvent", "process-a", "same"))
    outcome = tally.outcome(0, failed=False)
    assert (outcome.created, outcome.same, outcome.exit_code) == ((), ("replica/p:a/0",), 0)


def test_what_stays_where_it_is_was_neither_deleted_nor_created(journal: RunJournal) -> None:
    progress = _RecordedProgress()
    claims = {"claim-a", "claim-b"}
    urns = {_event("resOutputsEvent", name, "same").res_outputs_event.metadata.urn for name in claims}
    tally = EventTally(progress, journal, ADDRESSES, SystemClock(), retained=urns)
    for name, op in (("claim-a", "delete"), ("claim-b", "delete-replaced"), ("claim-b", "create-replacement")):
        tally.take(_event("resourcePreEvent", name, op))
        tally.take(_event("resOutputsEvent", name, op))
    outcome = tally.outcome(0, failed=False)
    assert (outcome.created, outcome.updated, outcome.deleted) == ((), ("claim-b",), ())
    assert not [line for line in progress.lines if "delete" in line]


def test_a_workload_that_is_awaited_is_ready_or_not_and_never_created(journal: RunJournal) -> None:
    progress = _RecordedProgress()
    waits = "rohe:kubernetes:Readiness"
    names = {"readiness-a": "service/p:a", "readiness-b": "service/p:b", "readiness-c": "service/p:c"}
    tally = EventTally(progress, journal, names, SystemClock(), waits={waits})
    tally.take(_event("resourcePreEvent", "readiness-a", "update", waits))
    tally.take(_event("resOutputsEvent", "readiness-a", "update", waits))
    tally.take(_event("resourcePreEvent", "readiness-c", "same", waits))
    tally.take(_event("resOutputsEvent", "readiness-old", "delete", waits))
    tally.take(_said("readiness-b", "no such image"))
    tally.take(_event("resOpFailedEvent", "readiness-b", "create", waits))
    outcome = tally.outcome(0, failed=True)
    assert (outcome.created, outcome.updated, outcome.deleted, outcome.same, outcome.skipped) == ((), (), (), (), ())
    assert [(failure.verb, failure.address) for failure in outcome.failed] == [("await", "service/p:b")]
    assert progress.lines == [
        ("begins", "await", "service/p:a"),
        ("ended", "await", "service/p:a"),
        ("failed", "await", "service/p:b", "no such image"),
    ]


def test_an_interrupted_run_exits_as_the_signal_says(journal: RunJournal) -> None:
    outcome = EventTally(_RecordedProgress(), journal, ADDRESSES, SystemClock()).outcome(2, failed=True)
    assert (outcome.ending, outcome.exit_code) == (Ending.INTERRUPTED, 130)
    late = EventTally(_RecordedProgress(), journal, ADDRESSES, SystemClock()).outcome(2, failed=False)
    assert (late.ending, late.exit_code) == (Ending.COMPLETE, 0)


def test_trouble_of_who_is_told_comes_out_of_the_block(journal: RunJournal) -> None:
    class _Broken(_RecordedProgress):
        def on_begin(self, verb: str, address: str) -> None:
            raise OSError("the terminal is gone")

    tally = EventTally(_Broken(), journal, ADDRESSES, SystemClock())
    with pytest.raises(OSError, match="the terminal is gone"), engine_listener(tally) as listen:
        listen(_event("resourcePreEvent", "process-a", "create"))


def test_the_journal_knows_a_run_that_did_not_end(journal: RunJournal) -> None:
    assert journal.interrupted() == ""
    journal.begin("apply", "digest")
    journal.step("begins", "create", "replica/p:a/0")
    assert journal.interrupted() == "apply"
    journal.end("complete")
    assert journal.interrupted() == ""


def test_a_journal_cut_in_the_middle_of_a_line_is_read_all_the_same(journal: RunJournal, tmp_path: Path) -> None:
    journal.begin("apply", "digest")
    with (tmp_path / "journal.jsonl").open("a") as stream:
        stream.write('{"event": "e')
    assert journal.interrupted() == "apply"


def test_the_engine_s_wrapping_of_a_reason_is_taken_off() -> None:
    wrapped = "error: 1 error occurred:\n\t* rpc error: code = Unknown desc = no port left\n\n"
    assert provider_message(wrapped) == "no port left"
    urn = "urn:pulumi:pol::brk3::kubernetes:core/v1:Service::service-b"
    refused = (
        f'error: resource "{urn}" was not successfully created by the Kubernetes API server: services "b" is forbidden'
    )
    assert provider_message(refused) == 'services "b" is forbidden'
    live = f'resource "{urn}" was successfully created, but the Kubernetes API server reported that it failed to fully '
    assert provider_message(f"{live}initialize or become live: no endpoint") == "no endpoint"
    assert provider_message(f"update of {urn} was lost") == "update of service-b was lost"
    assert provider_message("\x1b[31merror: \x1b[0mplain") == "plain"


def test_manifests_are_made_after_what_they_depend_on() -> None:
    manifests = [Manifest("c", "P", "c", "", ("b",)), Manifest("a", "P", "a", ""), Manifest("b", "P", "b", "", ("a",))]
    assert [manifest.name for manifest in in_order(manifests)] == ["a", "b", "c"]
    with pytest.raises(ValueError, match="in a circle: x, y"):
        in_order([Manifest("x", "P", "x", "", ("y",)), Manifest("y", "P", "y", "", ("x",))])


def test_what_an_earlier_plan_had_is_deleted_by_its_address_and_never_skipped(journal: RunJournal) -> None:
    progress = _RecordedProgress()
    former = {"process-old": "agent/shop/2", "process-older": "agent/shop/3"}
    tally = EventTally(progress, journal, ADDRESSES, SystemClock(), former=former)
    tally.take(_event("resourcePreEvent", "process-old", "delete"))
    tally.take(_event("resOutputsEvent", "process-old", "delete"))
    assert ("ended", "delete", "agent/shop/2") in progress.lines
    outcome = tally.outcome(1, failed=True)
    assert outcome.deleted == ("agent/shop/2",)
    assert not {*former.values()} & {*outcome.skipped}
