"""Lane: one objective with its windows, its judge and its explainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from rohe_iac.observation.contract import ContractSpec, ObjectiveSpec
from rohe_iac.observation.judging.explanation import Baseline, Evidence, Explainer
from rohe_iac.observation.judging.outcome import Result, Violation, violation_id
from rohe_iac.observation.judging.verdict import JudgeState, Verdict, at_once, judge
from rohe_iac.observation.measuring.expression import Expression
from rohe_iac.observation.measuring.measure import Feed, Measurement, feed_of, in_scope, measure_of
from rohe_iac.observation.measuring.windows import Window, Windower, WindowState
from rohe_iac.observation.reports.sample import Sample

BASELINE_EVERY = 5.0


BASELINES = 4
"""Seconds of event time, at least, between two looks at who contributed to KEPT windows, and how many are kept."""


class LaneState(msgspec.Struct, kw_only=True):
    """All that is remembered of one objective. violation: the open one; baselines: KEPT windows, oldest first."""

    window: WindowState
    judge: JudgeState
    baselines: list[Baseline] = []
    violation: Violation | None = None
    last: Result | None = None


class Lane:
    """Judges one objective of one contract over the samples it is fed."""

    def __init__(
        self,
        contract: ContractSpec,
        objective: ObjectiveSpec,
        own: Mapping[str, Expression],
        ensembles: Sequence[str],
        state: LaneState | None = None,
    ) -> None:
        self.contract, self.objective = contract, objective
        self.name = f"{contract.name}/{objective.name}"
        self.state = state if state is not None else LaneState(window=WindowState(), judge=JudgeState())
        self.feed_kind = feed_of(objective, own)
        self._measure = measure_of(objective, own)
        self._explainer = Explainer(objective, self.feed_kind, self._measure, ensembles)
        self._windower = Windower(objective.window, self.state.window)

    def wants(self, sample: Sample) -> bool:
        """Whether the sample is what the objective is about."""
        if self.feed_kind in (Feed.ANSWERED, Feed.SENT):
            return True
        return in_scope(self.objective.scope, sample.parts[0]) and (
            self.feed_kind is Feed.REPORTS or "accuracy" in sample.values or self.objective.metric != "accuracy"
        )

    def begin(self, now: float) -> None:
        """Spans by time begin."""
        self._windower.begin(now)

    def feed(self, sample: Sample) -> Iterator[Window]:
        """Windows that the sample closes."""
        return self._windower.feed(sample)

    def advance(self, watermark: float) -> Iterator[Window]:
        """Windows that the watermark closes."""
        return self._windower.advance(watermark)

    def judged(self, window: Window) -> tuple[Result, Violation | None]:
        """The result of a closed window, and the violation that it opens or ends."""
        measurement = self._measure(window.samples, window.seconds)
        alone = self._alone(window, measurement)
        was_open = self.state.judge.open
        verdict = judge(self.objective, self.state.judge, alone, window.end)
        result = Result(
            contract=self.contract.name,
            objective=self.objective.name,
            start=window.start,
            end=window.end,
            value=measurement.value,
            count=measurement.count,
            window=alone,
            verdict=verdict,
            number=window.number,
        )
        self.state.last = result
        changed = None
        if verdict is Verdict.BROKEN and not was_open:
            self.state.judge.open = True
            changed = self.state.violation = Violation(
                id=violation_id(self.name, repr(window.end)),
                contract=self.contract.name,
                objective=self.objective.name,
                opened=window.end,
                evidence=self.evidence(window, measurement),
            )
        elif verdict is Verdict.KEPT:
            if was_open:
                self.state.judge.open = False
                if self.state.violation is not None:
                    changed = msgspec.structs.replace(self.state.violation, ended=window.end)
                self.state.violation = None
            self._remember(window, measurement)
        return result, changed

    def evidence(self, window: Window, measurement: Measurement | None = None) -> Evidence:
        """Who contributed to the window."""
        measured = measurement if measurement is not None else self._measure(window.samples, window.seconds)
        # A window that shares no sample with the broken one shows best how it was before.
        apart = [baseline for baseline in self.state.baselines if baseline.end <= window.start]
        baseline = apart[-1] if apart else next(iter(self.state.baselines), None)
        return Evidence(
            start=window.start,
            end=window.end,
            value=measured.value,
            count=measured.count,
            promise=self.objective.text,
            window=self.objective.window.text,
            contributions=self._explainer.contributions(window.samples, window.seconds, baseline),
            baseline=baseline,
        )

    def _alone(self, window: Window, measurement: Measurement) -> Verdict:
        begins, ends = self.contract.begins, self.contract.ends
        if window.end < begins or (ends and window.end >= ends):
            return Verdict.UNKNOWN
        return at_once(self.objective, measurement)

    def _remember(self, window: Window, measurement: Measurement) -> None:
        # Recomputing this for every window would cost as much as judging; what changed is seen well enough so.
        known = self.state.baselines
        pause = max(BASELINE_EVERY, window.seconds / 2)
        if measurement.value is not None and (not known or window.end - known[-1].end >= pause):
            own = self._explainer.own_values(window.samples, window.seconds)
            known.append(Baseline(start=window.start, end=window.end, value=measurement.value, own=own))
            del known[:-BASELINES]
