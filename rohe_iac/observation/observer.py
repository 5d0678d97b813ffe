"""Observer: the pure machine from reports and ticks of a clock to results, violations and actions.

It does no input or output and knows no time but what it is told: the same calls give the same outcomes, and its state,
taken anywhere between two calls, goes on as if it had never stopped.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.judging.degrading import DegradeState, Degrading
from rohe_iac.observation.judging.lane import Lane, LaneState
from rohe_iac.observation.judging.outcome import Action, Outcome, Violation
from rohe_iac.observation.judging.processing import Processor, ProcessorState
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.expression import compile_metrics
from rohe_iac.observation.measuring.measure import Feed
from rohe_iac.observation.measuring.windows import Window
from rohe_iac.observation.reports.joining import Join, JoinState, member_samples, part_of
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sample import Sample
from rohe_iac.observation.reports.watermark import Watermark, WatermarkState


class Counters(msgspec.Struct, kw_only=True):
    """reports: taken in; late: of these, too late for any window; windows: closed."""

    reports: int = 0
    late: int = 0
    windows: int = 0


class ObserverState(msgspec.Struct, kw_only=True):
    """Everything that an observer remembers, as plain values."""

    watermark: WatermarkState
    join: JoinState
    degrading: DegradeState
    counters: Counters
    waiting: list[tuple[float, str, Report]] = []
    lanes: dict[str, LaneState] = {}
    processors: dict[str, ProcessorState] = {}


def encode_state(state: ObserverState) -> bytes:
    """The state as MessagePack."""
    return msgspec.msgpack.encode(state)


def decode_state(content: bytes) -> ObserverState:
    """Reads `encode_state`'s bytes. Errors: msgspec.DecodeError where they are of another form."""
    return msgspec.msgpack.decode(content, type=ObserverState)


class Observer:
    """One pipeline's observer. Every method returns the outcomes of what it was told, in order."""

    def __init__(self, configuration: Configuration, state: ObserverState | None = None) -> None:
        """Errors: UnusableContract for a metric that cannot be evaluated."""
        if state is None:
            state = ObserverState(
                watermark=WatermarkState(), join=JoinState(), degrading=DegradeState(), counters=Counters()
            )
        self.configuration, self.state = configuration, state
        expected = [item.instance for item in configuration.instances]
        self._watermark = Watermark(configuration.lateness, state.watermark, expected)
        self._join = Join(configuration, configuration.lateness, state.join)
        self.degrading = Degrading(configuration, state.degrading)
        ensembles = [service.name for service in configuration.services if service.members]
        self.lanes: list[Lane] = []
        for contract in configuration.contracts:
            own = compile_metrics(contract.metrics)
            for objective in contract.objectives:
                name = f"{contract.name}/{objective.name}"
                lane = Lane(contract, objective, own, ensembles, state.lanes.get(name))
                state.lanes[name] = lane.state
                self.lanes.append(lane)
        self._processors: list[Processor] = []
        for contract in configuration.contracts:
            for index, spec in enumerate(contract.processing):
                name = f"{contract.name}/{index}"
                processor = Processor(contract.name, spec, state.processors.get(name))
                state.processors[name] = processor.state
                self._processors.append(processor)

    @property
    def watermark(self) -> float:
        """Event time before which nothing counts any more, seconds since the epoch."""
        return self._watermark.value

    def report(self, report: Report, arrived: float) -> list[Outcome]:
        """A report that was not there before arrived at `arrived` (seconds since the epoch)."""
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
        """Time went on without a report."""
        self._watermark.tick(now)
        return self._advance()

    def pause(self, now: float) -> list[Outcome]:
        """The connection is away from now on; an observer begins so."""
        self._watermark.pause(now)
        return []

    def resume(self, now: float) -> list[Outcome]:
        """The agent or its connection was away until now."""
        self._watermark.resume(now)
        for lane in self.lanes:
            lane.begin(now)
        for processor in self._processors:
            processor.begin(now)
        return self._advance()

    def stop(self, client: str, now: float) -> list[Outcome]:
        """A client said that it stops."""
        self._watermark.tick(now)
        self._watermark.stop(client)
        return self._advance()

    def restore(self, violation: str, now: float) -> list[Outcome]:
        """Somebody ends the actions of a violation."""
        self._watermark.tick(now)
        ended = self.degrading.restore(violation, self._watermark.value)
        self._excuse()
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
            outcomes += self._feed(sample, Feed.REPORTS)
        outcomes += self._close(watermark, (Feed.REPORTS,))
        for joined in self._join.advance(watermark):
            sent, answered = joined.values["sent"], joined.values["answered"]
            if sent:
                outcomes += self._feed(joined, Feed.SENT)
            if sent and answered:
                outcomes += self._feed(joined, Feed.ANSWERED)
                for sample in member_samples(joined):
                    outcomes += self._feed(sample, Feed.PARTS)
        return outcomes + self._close(watermark - self._join.span, (Feed.SENT, Feed.ANSWERED, Feed.PARTS))

    def _feed(self, sample: Sample, kind: Feed) -> Iterable[Outcome]:
        outcomes: list[Outcome] = []
        for lane in self.lanes:
            if lane.feed_kind is kind and lane.wants(sample):
                outcomes += self._judge(lane, lane.feed(sample))
        if kind is Feed.REPORTS:
            for processor in self._processors:
                outcomes += processor.feed(sample)
        return outcomes

    def _close(self, watermark: float, kinds: tuple[Feed, ...]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for lane in self.lanes:
            if lane.feed_kind in kinds:
                outcomes += self._judge(lane, lane.advance(watermark))
        if Feed.REPORTS in kinds:
            for processor in self._processors:
                outcomes += processor.advance(watermark)
        return outcomes

    def _judge(self, lane: Lane, windows: Iterable[Window]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for window in windows:
            self.state.counters.windows += 1
            result, changed = lane.judged(window)
            outcomes.append(result)
            if changed is not None:
                outcomes.append(changed)
            if result.verdict is Verdict.BROKEN and lane.state.violation is not None:
                outcomes += self._act(lane, window, lane.state.violation)
            elif result.verdict is Verdict.KEPT:
                contract, objective = lane.contract.name, lane.objective.name
                outcomes += self.degrading.over(contract, objective, lane.state.judge.kept_since, window.end)
                self._excuse()
        return outcomes

    def _act(self, lane: Lane, window: Window, violation: Violation) -> list[Action]:
        objective = lane.objective
        if objective.action != "degrade" or not self.degrading.may_act(lane.name, objective, window.start, window.end):
            return []
        if violation.evidence.end != window.end:
            violation = msgspec.structs.replace(violation, evidence=lane.evidence(window))
        action = self.degrading.act(lane.name, objective, violation)
        self._excuse()
        return [action] if action is not None else []

    def _excuse(self) -> None:
        dropped = {(action.service, action.dropped) for action in self.degrading.state.active if not action.dry}
        self._watermark.excuse(
            item.instance for item in self.configuration.instances if (item.service, item.member) in dropped
        )
