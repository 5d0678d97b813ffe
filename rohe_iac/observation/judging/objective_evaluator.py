"""Objective evaluator: one objective with its windows, its measure, its verdict and its explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rohe_iac.observation.contract import AgentContract, ObjectiveSpec
from rohe_iac.observation.judging.explanation import Baseline, Evidence, Explainer
from rohe_iac.observation.judging.outcome import Result, Violation, violation_id
from rohe_iac.observation.judging.quiet import Quiet
from rohe_iac.observation.judging.verdict import JudgeState, Verdict, is_close, update_verdict, window_verdict
from rohe_iac.observation.measuring.expression import CompiledMetric
from rohe_iac.observation.measuring.measure import LaneSpec, Measurement, SampleStream, group_of, measure_of, stream_of
from rohe_iac.observation.measuring.windows import ClosedWindow, Windower, WindowState
from rohe_iac.observation.reports.watermark import ALL

BASELINE_INTERVAL = 5.0
"""Seconds of event time, at least, between two baselines."""

MAX_BASELINES = 4
"""Baselines kept, the newest."""

DEFAULT_WINDOW = 20.0
"""Seconds that a window by count is taken to last before anything is known of it."""

RATES = {"throughput", "rate"}
"""Metrics and aggregates that are divided by the length of the window."""

MAX_FAULT = 200
"""Characters that are kept of why a window could not be judged."""


class ObjectiveState(msgspec.Struct, kw_only=True):
    """Everything that is remembered of one objective.

    Attributes:
        window: State of the windower.
        judge: State of the verdict.
        baselines: Windows that were KEPT, oldest first.
        violation: The open violation, if there is one.
        last_result: Result of the last window.
        begun: When the agent first listened (seconds since the epoch); 0 before.
        fault: Why the last window could not be judged; "" where it was.
        quiet: Why windows cannot keep the objective now: nothing is heard, or there is nothing new to judge.
        judged: Number of the first sample that no window has had yet.
        span: Length in seconds of the last window that had a new sample.
        whole_from: Of a rate, the end of the first window with a sample: earlier ones may have begun before there could
            be any (seconds since the epoch); 0 before.
    """

    window: WindowState
    judge: JudgeState
    baselines: list[Baseline] = []
    violation: Violation | None = None
    last_result: Result | None = msgspec.field(default=None, name="last")
    begun: float = 0.0
    fault: str = ""
    quiet: Quiet = Quiet.NO
    judged: int = 0
    span: float = 0.0
    whole_from: float = 0.0


class ObjectiveEvaluator:
    """Evaluates one objective of one contract over a stream of samples.

    Attributes:
        contract: Contract of the objective.
        objective: Objective that is evaluated.
        name: `CONTRACT/OBJECTIVE`.
        state: What is remembered of the objective.
        stream: Stream that the objective measures.
        measure: How its metric is measured.
        windower: Its windows.
    """

    def __init__(
        self,
        contract: AgentContract,
        objective: ObjectiveSpec,
        custom_metrics: Mapping[str, CompiledMetric],
        ensembles: Sequence[str],
        state: ObjectiveState | None = None,
    ) -> None:
        """Continues from `state`, or begins without any memory.

        Args:
            contract: Contract of the objective.
            objective: Objective to evaluate.
            custom_metrics: Compiled metrics of the contract by name.
            ensembles: Names of the pipeline's services with members.
            state: State to continue from.
        """
        self.contract, self.objective = contract, objective
        self.name = f"{contract.name}/{objective.name}"
        self.state = state if state is not None else ObjectiveState(window=WindowState(), judge=JudgeState())
        self.stream = stream_of(objective, custom_metrics)
        self.measure = measure_of(objective, custom_metrics)
        self._explainer = Explainer(objective, self.stream, self.measure, ensembles)
        self.windower = Windower(objective.window, self.state.window)

    @property
    def group(self) -> str:
        """Returns the name of the group of clients that the objective hears; ALL for every client."""
        if self.stream is not SampleStream.REPORTS:
            return ALL
        return group_of(self.objective.scope)

    @property
    def lane(self) -> LaneSpec:
        """Returns which samples the objective measures."""
        if self.stream in (SampleStream.ANSWERED, SampleStream.SENT):
            return LaneSpec(self.stream)
        with_accuracy = self.stream is SampleStream.PARTS and self.objective.metric == "accuracy"
        return LaneSpec(self.stream, self.objective.scope, with_accuracy=with_accuracy)

    @property
    def needs_records(self) -> bool:
        """Returns whether explanations look at samples themselves, and not only at what is read from them."""
        return self._explainer.needs_records

    def window_seconds(self, elapsed: float) -> float:
        """Returns how long a window lasts; by count, the last one did or the first one is going to.

        Args:
            elapsed: Seconds that the first window has been open.
        """
        window, state = self.objective.window, self.state
        if window.session:
            return window.session
        if window.size_seconds:
            return max(window.size_seconds, window.every_seconds)
        # Without new samples a mixed window gets longer and longer.
        spans = [window.every_seconds, state.span]
        if state.last_result is None and state.window.count:
            spans.append(elapsed * window.size_count / state.window.count)
        return max(spans) or DEFAULT_WINDOW

    def in_effect(self, at: float) -> bool:
        """Checks whether the contract is in effect at a time (seconds since the epoch)."""
        return self.contract.begins <= at and not 0 < self.contract.ends <= at

    def begin(self, now: float) -> None:
        """Starts windows by time at `now` (seconds since the epoch)."""
        self.state.begun = self.state.begun or now
        self.windower.begin(now)

    def judge(self, window: ClosedWindow) -> tuple[Result, Violation | None]:
        """Judges a closed window; returns its result, and the violation that it opens or ends."""
        measurement = self.measure.of(window.samples, window.seconds)
        alone = self._judge_alone(window, measurement)
        was_open = self.state.judge.open
        verdict = update_verdict(self.objective, self.state.judge, self._in_quiet(window, alone), window.end)
        result = self._record(window, measurement, alone, verdict)
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
            self._add_baseline(window, measurement)
        return result, changed

    def fail(self, window: ClosedWindow, error: Exception) -> Result:
        """Returns the result of a window that cannot be judged: UNKNOWN, without a value."""
        verdict = update_verdict(self.objective, self.state.judge, Verdict.UNKNOWN, window.end)
        result = self._record(window, Measurement(value=None, count=0), Verdict.UNKNOWN, verdict)
        self.state.fault = f"{type(error).__name__}: {error}"[:MAX_FAULT]
        return result

    def _record(self, window: ClosedWindow, measurement: Measurement, alone: Verdict, verdict: Verdict) -> Result:
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
            error=measurement.error or msgspec.UNSET,
            close=is_close(self.objective, measurement) or msgspec.UNSET,
        )
        self.state.last_result, self.state.fault = result, ""
        return result

    def evidence(self, window: ClosedWindow, measurement: Measurement | None = None) -> Evidence:
        """Returns the contributions to the window's value, with the best baseline to compare them with.

        Args:
            window: Window to explain.
            measurement: Measurement of the window, where it is known already.
        """
        measured = measurement if measurement is not None else self.measure.of(window.samples, window.seconds)
        # A baseline that shares no sample with the broken window is the best comparison.
        apart = [baseline for baseline in self.state.baselines if baseline.end <= window.start]
        baseline = apart[-1] if apart else next(iter(self.state.baselines), None)
        explained = self._explainer.explained(window.samples)
        contributions = self._explainer.contributions(window.samples, window.seconds, baseline)
        return Evidence(
            start=window.start,
            end=window.end,
            value=measured.value,
            count=measured.count,
            promise=self.objective.text,
            window=self.objective.window.text,
            contributions=contributions,
            baseline=baseline,
            unit=self.objective.unit,
            together=self._explainer.together(window.samples, window.seconds, contributions),
            error=measured.error or msgspec.UNSET,
            close=is_close(self.objective, measured) or msgspec.UNSET,
            explained=msgspec.UNSET if explained is None else explained,
        )

    def _judge_alone(self, window: ClosedWindow, measurement: Measurement) -> Verdict:
        if not self.in_effect(window.end):
            return Verdict.UNKNOWN
        if self._is_partial(window):
            return Verdict.UNKNOWN
        alone = window_verdict(self.objective, measurement)
        too_few = measurement.value is None or measurement.count < self.objective.min_samples
        if too_few and alone is Verdict.KEPT and self.state.quiet is Quiet.SILENT:
            return Verdict.UNKNOWN  # `missing: ok` is about no requests, and nobody says that there were none
        return alone

    def _is_partial(self, window: ClosedWindow) -> bool:
        """Checks whether a rate is of a window of fixed length that began before the first sample."""
        objective, state = self.objective, self.state
        if not objective.window.size_seconds or not {objective.metric, objective.aggregate} & RATES:
            return False
        if not state.judged and window.samples.count:
            state.whole_from = window.end
        return window.start < state.whole_from

    def _in_quiet(self, window: ClosedWindow, alone: Verdict) -> Verdict:
        """Returns what the verdict on a window is worth: no objective is kept by what was heard before a silence."""
        judged, self.state.judged = self.state.judged, window.samples.last
        if window.samples.last != judged:
            self.state.span = window.seconds
        if self.state.quiet is Quiet.NO:
            return alone
        # A mixed window has the same samples again and again.
        stale = alone is Verdict.BROKEN and window.samples.count > 0 and window.samples.last == judged
        return Verdict.UNKNOWN if alone is Verdict.KEPT or (stale and self.objective.missing != "broken") else alone

    def quieten(self, quiet: Quiet, now: float) -> bool:
        """Records whether anything is heard, and makes the objective UNKNOWN where not.

        An objective with `missing: broken` stays BROKEN, and one with `missing: ok` stays KEPT while there is only
        nothing to judge; an open violation stays open.

        Args:
            quiet: Whether anything is heard, and why not.
            now: Present time (seconds since the epoch).

        Returns:
            Whether the verdict has changed.
        """
        self.state.quiet = quiet = Quiet.NO if quiet is Quiet.STALE and self.objective.missing == "ok" else quiet
        verdict = self.state.judge.verdict
        lasting = verdict is Verdict.BROKEN and self.objective.missing == "broken"
        if quiet is Quiet.NO or verdict is Verdict.UNKNOWN or lasting:
            return False
        update_verdict(self.objective, self.state.judge, Verdict.UNKNOWN, now)
        return True

    def _add_baseline(self, window: ClosedWindow, measurement: Measurement) -> None:
        # A baseline costs as much as judging, so that only some windows become one.
        baselines = self.state.baselines
        interval = max(BASELINE_INTERVAL, window.seconds / 2)
        if measurement.value is not None and (not baselines or window.end - baselines[-1].end >= interval):
            own = self._explainer.own_values(window.samples, window.seconds)
            baselines.append(Baseline(start=window.start, end=window.end, value=measurement.value, own=own))
            del baselines[:-MAX_BASELINES]
