"""Observer: a pure state machine from reports and ticks of a clock to results, violations and corrective actions.

The observer does no input or output and reads no clock: the same calls give the same outcomes. Its state, saved between
any two calls, continues as if the observer had never stopped.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.judging.degrading import DegradePolicy, DegradeState
from rohe_iac.observation.judging.objective_evaluator import ObjectiveEvaluator, ObjectiveState
from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Violation
from rohe_iac.observation.judging.processing import Processor, ProcessorState
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.expression import compile_metrics
from rohe_iac.observation.measuring.measure import SampleStream
from rohe_iac.observation.measuring.windows import ClosedWindow
from rohe_iac.observation.reports.joining import JoinState, RequestJoin, member_samples, part_of
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sample import Sample
from rohe_iac.observation.reports.watermark import Watermark, WatermarkState


class Counters(msgspec.Struct, kw_only=True):
    """Counters of an observer.

    Attributes:
        reports: Reports observed.
        late: Reports that came after the watermark had passed their event time, and count in no window.
        windows: Windows closed.
    """

    reports: int = 0
    late: int = 0
    windows: int = 0


class ObserverState(msgspec.Struct, kw_only=True):
    """Everything that an observer remembers.

    Attributes:
        watermark: State of the watermark.
        join: State of the request join.
        degrading: State of the degrade policy.
        counters: Counters.
        waiting: Heap of (event time, key, report) of the reports after the watermark.
        objectives: States of the objectives by `CONTRACT/OBJECTIVE`.
        processors: States of the processors by `CONTRACT/INDEX`.
    """

    watermark: WatermarkState
    join: JoinState
    degrading: DegradeState
    counters: Counters
    waiting: list[tuple[float, str, Report]] = []
    objectives: dict[str, ObjectiveState] = msgspec.field(default_factory=dict, name="lanes")
    processors: dict[str, ProcessorState] = {}


def encode_state(state: ObserverState) -> bytes:
    """Encodes the state as MessagePack."""
    return msgspec.msgpack.encode(state)


def decode_state(content: bytes) -> ObserverState:
    """Decodes the bytes of `encode_state`.

    Raises:
        msgspec.DecodeError: The bytes are of another form.
    """
    return msgspec.msgpack.decode(content, type=ObserverState)


class Observer:
    """The observer of one pipeline. Every method that takes an input returns its outcomes in order.

    Attributes:
        configuration: What is observed and judged.
        state: Everything that the observer remembers.
        degrade_policy: Policy of the corrective actions.
        evaluators: Evaluators of all objectives.
    """

    def __init__(self, configuration: Configuration, state: ObserverState | None = None) -> None:
        """Continues from `state`, or begins without any memory and with a paused watermark.

        Raises:
            UnusableContract: A metric of a contract cannot be evaluated.
        """
        if state is None:
            state = ObserverState(
                watermark=WatermarkState(), join=JoinState(), degrading=DegradeState(), counters=Counters()
            )
        self.configuration, self.state = configuration, state
        expected = [instance.instance for instance in configuration.instances]
        self._watermark = Watermark(configuration.lateness, state.watermark, expected)
        self._join = RequestJoin(configuration, configuration.lateness, state.join)
        self.degrade_policy = DegradePolicy(configuration, state.degrading)
        ensembles = [service.name for service in configuration.services if service.members]
        self.evaluators: list[ObjectiveEvaluator] = []
        for contract in configuration.contracts:
            custom_metrics = compile_metrics(contract.metrics)
            for objective in contract.objectives:
                name = f"{contract.name}/{objective.name}"
                evaluator = ObjectiveEvaluator(
                    contract, objective, custom_metrics, ensembles, state.objectives.get(name)
                )
                state.objectives[name] = evaluator.state
                self.evaluators.append(evaluator)
        self._processors: list[Processor] = []
        for contract in configuration.contracts:
            for index, spec in enumerate(contract.processing):
                name = f"{contract.name}/{index}"
                processor = Processor(contract.name, spec, state.processors.get(name))
                state.processors[name] = processor.state
                self._processors.append(processor)

    @property
    def watermark(self) -> float:
        """Returns the event time before which no further report counts (seconds since the epoch)."""
        return self._watermark.value

    def report(self, report: Report, arrived: float) -> list[Outcome]:
        """Observes a report.

        Args:
            report: Report that was not observed before.
            arrived: Time of arrival (seconds since the epoch).
        """
        state = self.state
        state.counters.reports += 1
        at = self._watermark.observe(report.client, report.at, arrived, report.boot, report.seq)
        if at != report.at:
            report = msgspec.structs.replace(report, at=at)
        if at < self._watermark.value:
            state.counters.late += 1
        else:
            key = f"{report.client}/{report.boot}/{report.seq:012d}"
            heapq.heappush(state.waiting, (at, key, report))
            self._join.add(report, key)
        return self._advance()

    def tick(self, now: float) -> list[Outcome]:
        """Advances the clock to `now` (seconds since the epoch) without a report."""
        self._watermark.tick(now)
        return self._advance()

    def pause(self, now: float) -> list[Outcome]:
        """Begins a pause at `now` (seconds since the epoch), because the connection is lost."""
        self._watermark.pause(now)
        return []

    def resume(self, now: float) -> list[Outcome]:
        """Ends the pause at `now` (seconds since the epoch), because the agent is connected (again)."""
        self._watermark.resume(now)
        for evaluator in self.evaluators:
            evaluator.begin(now)
        for processor in self._processors:
            processor.begin(now)
        return self._advance()

    def stop(self, client: str, now: float) -> list[Outcome]:
        """Records at `now` (seconds since the epoch) that a client has announced its end."""
        self._watermark.tick(now)
        self._watermark.stop(client)
        return self._advance()

    def restore(self, violation: str, now: float) -> list[Outcome]:
        """Ends the actions of a violation, by its identifier, at `now` (seconds since the epoch)."""
        self._watermark.tick(now)
        ended = self.degrade_policy.restore(violation, self._watermark.value)
        self._exclude_dropped_members()
        return [*ended, *self._advance()]

    def _advance(self) -> list[Outcome]:
        before = self._watermark.value
        watermark = self._watermark.advance()
        if watermark == before:
            return []
        outcomes: list[Outcome] = []
        waiting = self.state.waiting
        while waiting and waiting[0][0] < watermark:
            at, key, report = heapq.heappop(waiting)
            part = part_of(report)
            sample = Sample(time=at, key=key, request=report.request, values=part.values, parts=[part])
            outcomes += self._feed(sample, SampleStream.REPORTS)
        outcomes += self._close(watermark, (SampleStream.REPORTS,))
        for joined in self._join.advance(watermark):
            sent, answered = joined.values["sent"], joined.values["answered"]
            if sent:
                outcomes += self._feed(joined, SampleStream.SENT)
            if sent and answered:
                outcomes += self._feed(joined, SampleStream.ANSWERED)
                for sample in member_samples(joined):
                    outcomes += self._feed(sample, SampleStream.PARTS)
        joined_streams = (SampleStream.SENT, SampleStream.ANSWERED, SampleStream.PARTS)
        return outcomes + self._close(watermark - self._join.span, joined_streams)

    def _feed(self, sample: Sample, stream: SampleStream) -> Iterable[Outcome]:
        outcomes: list[Outcome] = []
        for evaluator in self.evaluators:
            if evaluator.stream is stream and evaluator.accepts(sample):
                outcomes += self._judge(evaluator, evaluator.feed(sample))
        if stream is SampleStream.REPORTS:
            for processor in self._processors:
                outcomes += processor.feed(sample)
        return outcomes

    def _close(self, watermark: float, streams: tuple[SampleStream, ...]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for evaluator in self.evaluators:
            if evaluator.stream in streams:
                outcomes += self._judge(evaluator, evaluator.advance(watermark))
        if SampleStream.REPORTS in streams:
            for processor in self._processors:
                outcomes += processor.advance(watermark)
        return outcomes

    def _judge(self, evaluator: ObjectiveEvaluator, windows: Iterable[ClosedWindow]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for window in windows:
            self.state.counters.windows += 1
            result, changed = evaluator.judge(window)
            outcomes.append(result)
            if changed is not None:
                outcomes.append(changed)
            if result.verdict is Verdict.BROKEN and evaluator.state.violation is not None:
                outcomes += self._act(evaluator, window, evaluator.state.violation)
            elif result.verdict is Verdict.KEPT:
                contract, objective = evaluator.contract.name, evaluator.objective.name
                kept_since = evaluator.state.judge.kept_since
                outcomes += self.degrade_policy.end_recovered(contract, objective, kept_since, window.end)
                self._exclude_dropped_members()
        return outcomes

    def _act(self, evaluator: ObjectiveEvaluator, window: ClosedWindow, violation: Violation) -> list[CorrectiveAction]:
        objective = evaluator.objective
        if objective.action != "degrade":
            return []
        if not self.degrade_policy.may_act(evaluator.name, objective, window.start, window.end):
            return []
        if violation.evidence.end != window.end:
            violation = msgspec.structs.replace(violation, evidence=evaluator.evidence(window))
        action = self.degrade_policy.act(evaluator.name, objective, violation)
        self._exclude_dropped_members()
        return [action] if action is not None else []

    def _exclude_dropped_members(self) -> None:
        # A dropped member gets no requests, so that its silence must not hold the watermark.
        dropped = {(action.service, action.dropped) for action in self.degrade_policy.state.active if not action.dry}
        self._watermark.exclude(
            instance.instance
            for instance in self.configuration.instances
            if (instance.service, instance.member) in dropped
        )
