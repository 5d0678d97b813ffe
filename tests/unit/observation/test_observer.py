"""The observer from reports to results, violations and actions, on a pipeline that breaks its contract and recovers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from answering_observer import AnsweringObserver
from objective_specs import objective_spec

from rohe_iac.foundation.json_files.schema import NewerFile
from rohe_iac.observation.configuration import (
    Configuration,
    Instance,
    ServiceSpec,
    UnreadableConfiguration,
    decode_configuration,
    digest_of,
)
from rohe_iac.observation.contract import AgentContract, ProcessingSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Result, Violation
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import carried_over
from rohe_iac.observation.reports.report import Report

MEMBERS = ("good", "fair", "bad")


def configuration(contract: dict[str, Any] | None = None, **changes: Any) -> Configuration:
    objective = objective_spec(**{"min_samples": 10, "action": "degrade", **changes})
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(
            ServiceSpec(name="camera", calls=("classify",)),
            ServiceSpec(name="classify", calls=("vote",), members=MEMBERS),
            ServiceSpec(name="vote"),
        ),
        instances=(Instance(instance="camera-0", topic="camera", service="camera"),),
        contracts=(AgentContract(name="c", lateness=1.0, objectives=(objective,), **(contract or {})),),
    )


class Pipeline:
    """A pipeline that reports a request each tenth of a second; the noisy member `bad` turns the vote wrong."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.now = 1000.0
        self.sent = 0
        self.members: tuple[str, ...] = MEMBERS
        self.outcomes: list[Outcome] = observer.resume(self.now)

    def requests(self, count: int, noise: bool = False, answered: bool = True) -> None:
        for _ in range(count):
            self.now += 0.1
            self.sent += 1
            shares = {"good": [0.6, 0.4], "fair": [0.55, 0.45], "bad": [0.0, 1.0] if noise else [0.7, 0.3]}
            votes = [shares[name] for name in self.members]
            total = [sum(column) for column in zip(*votes, strict=True)]
            self._report("camera-0", "camera", "", truth=0)
            for name in self.members:
                guess = 0 if shares[name][0] > 0.5 else 1
                self._report(f"classify-{name}-0", "classify", name, prediction=guess, probabilities=shares[name])
            if answered:
                self._report("vote-0", "vote", "", prediction=0 if total[0] >= total[1] else 1)

    def _report(self, instance: str, service: str, member: str, **fields: Any) -> None:
        report = Report(
            client=instance,
            at=self.now,
            service=service,
            member=member,
            instance=instance,
            request=f"r{self.sent}",
            start=self.now - 0.01,
            end=self.now,
            fields=fields,
        )
        self.outcomes += self.observer.report(report, self.now)

    def quiet(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1.0
            self.outcomes += self.observer.tick(self.now)

    def of(self, kind: type[Any]) -> list[Any]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, kind)]


def test_a_violation_names_the_member_and_the_action_drops_it() -> None:
    pipeline = Pipeline(Observer(configuration()))
    pipeline.requests(30)
    pipeline.requests(20, noise=True)
    pipeline.quiet(10)
    [violation] = pipeline.of(Violation)
    [action] = pipeline.of(CorrectiveAction)
    best = violation.evidence.contributions[0]
    assert (best.name, best.without, best.kept) == ("classify/bad", 1.0, True)
    assert violation.evidence.baseline is not None
    assert violation.evidence.baseline.value == 1.0
    assert (action.dropped, action.members, action.violation) == ("bad", ("good", "fair"), violation.id)


def test_the_objective_is_kept_again_once_requests_go_on_without_the_member() -> None:
    pipeline = Pipeline(Observer(configuration()))
    pipeline.requests(20)
    pipeline.requests(20, noise=True)
    pipeline.members = ("good", "fair")
    pipeline.requests(60, noise=True)
    pipeline.quiet(10)
    opened, ended = pipeline.of(Violation)
    assert opened.id == ended.id
    assert ended.ended > opened.opened
    assert pipeline.of(Result)[-1].verdict is Verdict.KEPT
    assert [action.dropped for action in pipeline.observer.degrade_policy.state.active] == ["bad"], "it stays in force"


def test_without_clear_an_action_ends_only_when_somebody_says_so() -> None:
    pipeline = Pipeline(Observer(configuration()))
    pipeline.requests(20, noise=True)
    pipeline.members = ("good", "fair")
    pipeline.requests(500, noise=True)
    pipeline.quiet(10)
    [begun] = pipeline.of(CorrectiveAction)
    outcomes = pipeline.observer.restore(begun.violation, pipeline.now)
    ended = [outcome for outcome in outcomes if isinstance(outcome, CorrectiveAction)]
    assert [action.id for action in ended] == [begun.id]
    assert ended[0].ended > 0
    assert pipeline.observer.degrade_policy.current_members("classify") == MEMBERS


def test_with_clear_an_action_ends_by_itself_and_later_the_second_time() -> None:
    pipeline = Pipeline(Observer(configuration(clear=5.0)))
    for _ in range(2):
        pipeline.members = MEMBERS
        pipeline.requests(20, noise=True)
        pipeline.members = ("good", "fair")
        pipeline.requests(400)
        pipeline.quiet(10)
    begun = [action for action in pipeline.of(CorrectiveAction) if not action.ended]
    ended = [action for action in pipeline.of(CorrectiveAction) if action.ended]
    assert [action.kept_for for action in begun] == [5.0, 10.0]
    assert len(ended) == 2


def test_a_dry_run_decides_and_changes_nothing() -> None:
    pipeline = Pipeline(Observer(configuration(dry_run=True)))
    pipeline.requests(20, noise=True)
    pipeline.quiet(10)
    assert [action.dry for action in pipeline.of(CorrectiveAction)] == [True]
    assert pipeline.observer.degrade_policy.current_members("classify") == MEMBERS


def test_a_further_member_goes_only_for_a_window_that_began_after_the_last_action() -> None:
    pipeline = Pipeline(Observer(configuration(window=WindowSpec(size_count=20, every_count=5), min_samples=20)))
    pipeline.requests(60, noise=True)
    pipeline.quiet(10)
    first, *others = pipeline.of(CorrectiveAction)
    windows = {result.end: result for result in pipeline.of(Result)}
    assert all(windows[action.begun].start >= first.begun for action in others)


def test_no_answer_is_no_accuracy_but_tells_availability() -> None:
    pipeline = Pipeline(Observer(configuration(metric="availability", action="")))
    pipeline.requests(15)
    pipeline.requests(5, answered=False)
    pipeline.quiet(10)
    assert [result.value for result in pipeline.of(Result)] == [1.0, 0.5]


def test_each_member_is_judged_by_what_was_true() -> None:
    scope = ScopeSpec(service="classify", member="bad")
    pipeline = Pipeline(Observer(configuration(scope=scope, action="")))
    pipeline.requests(10)
    pipeline.requests(10, noise=True)
    pipeline.quiet(10)
    assert [(result.value, result.window) for result in pipeline.of(Result)] == [
        (1.0, Verdict.KEPT),
        (0.0, Verdict.BROKEN),
    ]


def test_outside_its_effective_span_a_contract_judges_nothing() -> None:
    pipeline = Pipeline(Observer(configuration({"ends": 1002.0})))
    pipeline.requests(40, noise=True)
    pipeline.quiet(10)
    assert [result.window for result in pipeline.of(Result)] == [Verdict.BROKEN, *[Verdict.UNKNOWN] * 3]


def test_silence_where_data_must_come_is_broken() -> None:
    window = WindowSpec(size_seconds=2.0, every_seconds=2.0)
    pipeline = Pipeline(Observer(configuration(window=window, missing="broken", metric="response_time", action="")))
    pipeline.quiet(20)
    assert {result.verdict for result in pipeline.of(Result)} == {Verdict.BROKEN}


def test_a_users_function_gives_results_and_a_failing_one_is_called_more_rarely(tmp_path: Any) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "def spread(samples, scale=1):\n"
        "    found = [row['response_time'] for row in samples]\n"
        "    return {'range': scale * (max(found) - min(found))}\n"
        "def broken(samples):\n    raise RuntimeError('no')\n"
    )
    window = WindowSpec(size_count=10, every_count=10)
    processing = tuple(
        ProcessingSpec(function=f"mine.py:{name}", window=window, options=options)
        for name, options in (("spread", {"scale": 2}), ("broken", {}))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        pipeline = Pipeline(AnsweringObserver(configuration({"processing": processing})))
        pipeline.requests(40)
        pipeline.quiet(10)
    values = [result for result in pipeline.of(Result) if result.objective == "spread.range"]
    assert values
    assert values[0].value == pytest.approx(0.0, abs=1e-6)
    state = pipeline.observer.state.processors["c/1"]
    assert (state.last_error, state.consecutive_failures) == ("RuntimeError: no", state.total_failures)
    assert 0 < state.total_failures < len(values)


def test_a_configuration_survives_its_bytes_and_others_are_refused() -> None:
    original = configuration()
    assert decode_configuration(msgspec.json.encode(original)) == original
    for content in (b"", b"{}", msgspec.json.encode(msgspec.structs.replace(original, v=0))):
        with pytest.raises(UnreadableConfiguration):
            decode_configuration(content)
    newer = {**msgspec.to_builtins(original), "v": 2, "contracts": "of another form"}
    with pytest.raises(NewerFile, match="was made by a newer rohe"):
        decode_configuration(msgspec.json.encode(newer))


def test_where_instances_run_does_not_change_what_is_judged() -> None:
    original = configuration()
    moved = msgspec.structs.replace(original, instances=())
    assert digest_of(moved) == digest_of(original)
    assert digest_of(configuration(low=0.8)) != digest_of(original)


def a_report(client: str, seq: int, at: float) -> Report:
    return Report(client=client, boot="b", seq=seq, service=client[:-2], instance=client, at=at, request=f"r{seq}")


def test_a_changed_configuration_misses_no_report_that_had_arrived() -> None:
    first = Observer(configuration())
    first.resume(100.0)
    for seq in range(1, 6):
        first.report(a_report("camera-0", seq, 100.0 + seq), 100.0 + seq)
    second = Observer(configuration(min_samples=20), carried_over(first.state, ["camera-0"]))
    second.resume(106.0)
    second.report(a_report("camera-0", 6, 106.5), 106.5)
    second.tick(140.0)
    assert second.take_passed() == []
    assert second.state.watermark.missing == 0
    assert second.state.counters.reports == 6


def test_a_service_outside_of_the_flow_that_never_reports_holds_no_request_back() -> None:
    specs = configuration()
    extra = msgspec.structs.replace(
        specs,
        services=(*specs.services, ServiceSpec(name="extra")),
        instances=(*specs.instances, Instance(instance="extra-0", topic="extra", service="extra")),
    )
    observer = Observer(extra)
    observer.resume(100.0)
    observer.report(a_report("camera-0", 1, 100.5), 100.5)
    waiting = observer.wait_of("")
    assert waiting is None or waiting.client != "extra-0"
