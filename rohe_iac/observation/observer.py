"""Observer: a pure state machine from reports and ticks of a clock to results, violations and corrective actions.

The observer does no input or output and reads no clock: the same calls give the same outcomes. Its state, saved between
any two calls, continues as if the observer had never stopped.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rohe_iac.observation.checkpoint import FINISHED, Segment, panes_of
from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import ScopeSpec
from rohe_iac.observation.judging.degrading import DegradePolicy
from rohe_iac.observation.judging.objective_evaluator import ObjectiveEvaluator
from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Violation
from rohe_iac.observation.judging.processing import Processor
from rohe_iac.observation.judging.user_program import FunctionAnswer
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.expression import compile_metrics
from rohe_iac.observation.measuring.heard_lane import Closing, HeardLane, heard_lanes
from rohe_iac.observation.measuring.measure import SampleStream, group_of, may_be_in_scope
from rohe_iac.observation.measuring.report_lanes import MAX_UNRELEASED, ReportLanes
from rohe_iac.observation.measuring.request_lanes import RequestLanes
from rohe_iac.observation.measuring.windows import ClosedWindow
from rohe_iac.observation.needed_names import needed_names, reduced
from rohe_iac.observation.observer_state import ObserverState, new_state
from rohe_iac.observation.quiet_watch import QuietWatch
from rohe_iac.observation.reports.client_clock import (
    DEFAULT_INTERVAL,
    MIN_INTERVAL,
    ClientClock,
    LaggingClient,
    PassedGap,
)
from rohe_iac.observation.reports.joining import RequestJoin
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sample import SamplePart
from rohe_iac.observation.reports.wait import Wait
from rohe_iac.observation.reports.watermark import ALL, Watermark


class Observer:
    """The observer of one pipeline. Every method that takes an input returns its outcomes in order.

    Attributes:
        configuration: What is observed and judged.
        state: Everything that the observer remembers.
        degrade_policy: Policy of the corrective actions.
        evaluators: Evaluators of all objectives.
        quiet: Watch over objectives that hear nothing.
        processors: What makes calls of user functions, by `CONTRACT/INDEX`.
    """

    def __init__(self, configuration: Configuration, state: ObserverState | None = None) -> None:
        """Continues from `state`, or begins without any memory and with a paused watermark.

        Raises:
            UnusableContract: A metric of a contract cannot be evaluated.
        """
        state = state if state is not None else new_state()
        self.configuration, self.state = configuration, state
        self._names = needed_names(configuration)
        self._watermark = Watermark(configuration.lateness, state.watermark)
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
        self.processors: dict[str, Processor] = {}
        for contract in configuration.contracts:
            for index, spec in enumerate(contract.processing):
                name = f"{contract.name}/{index}"
                self.processors[name] = Processor(contract.name, spec, state.processors.get(name))
                state.processors[name] = self.processors[name].state
        self._listeners: list[ObjectiveEvaluator | Processor] = [*self.evaluators, *self.processors.values()]
        # Objectives over reports of a part of the pipeline hear that part alone; all others hear everybody.
        self._scopes: dict[str, ScopeSpec] = {ALL: ScopeSpec()} if self.processors else {}
        self._scopes |= {
            evaluator.group: evaluator.objective.scope
            for evaluator in self.evaluators
            if evaluator.stream is SampleStream.REPORTS
        }
        lanes = self._all_lanes = heard_lanes(self._listeners, state.lanes)
        by_group: dict[str, list[HeardLane]] = {name: [] for name in self._scopes}
        for lane in lanes:
            if lane.spec.stream is SampleStream.REPORTS:
                by_group[group_of(lane.spec.scope)].append(lane)
        self._reports = {name: ReportLanes(name, heard, state.waiting) for name, heard in by_group.items()}
        self._requests = RequestLanes([lane for lane in lanes if lane.spec.stream is not SampleStream.REPORTS])
        self._lanes = {number: lane for lane in lanes for number in lane.numbers}
        self._unjoined = 0
        self._groups: dict[str, list[str]] = {}
        for instance in configuration.instances:
            groups = self._groups_of(instance.service, instance.member, instance.instance, instance.node)
            self._watermark.expect(instance.instance, groups, joins=configuration.takes_part(instance.service))
            self._groups[instance.instance] = groups
        self.quiet = QuietWatch(configuration, self.evaluators, self._groups, state)

    def _groups_of(self, service: str, member: str, instance: str, node: str) -> list[str]:
        part = SamplePart(service=service, member=member, instance=instance, node=node, values={})
        return [group for group, scope in self._scopes.items() if may_be_in_scope(scope, part)]

    @property
    def watermark(self) -> float:
        """Returns the event time before which no further report of any client counts (seconds since the epoch)."""
        return self._watermark.value

    def wait_of(self, group: str) -> Wait | None:
        """Returns whom the objectives of a group wait for; None for nobody."""
        return self._watermark.wait_of(group)

    def clock_of(self, client: str) -> ClientClock | None:
        """Returns the progress of a client; None where nothing was heard of it, or not for long."""
        return self.state.watermark.clients.get(client)

    def heard_by(self, evaluator: ObjectiveEvaluator) -> list[list[str]]:
        """Returns the planned instances that an objective hears, without those that get no requests.

        One instance of each list has to report for a sample: any that is in scope; of requests, one of a source and
        one of an end.
        """
        configuration, excluded = self.configuration, self.state.watermark.excluded
        instances = [item for item in configuration.instances if item.instance not in excluded]
        if evaluator.stream is SampleStream.REPORTS:
            return [[item.instance for item in instances if evaluator.group in self._groups[item.instance]]]
        return [
            [item.instance for item in instances if item.service in services]
            for services in (configuration.sources, configuration.ends)
        ]

    def take_passed(self) -> list[PassedGap | LaggingClient]:
        """Returns what was passed over since the last call."""
        passed = self._watermark.passed[:]
        self._watermark.passed.clear()
        return passed

    def take_segments(self) -> list[Segment]:
        """Returns the parts of the state that will not change any more, each once."""
        found = [
            Segment(lane.spec.name, number, content)
            for lane in self._all_lanes
            for number, content in lane.lane.take_full_blocks()
        ]
        found += [
            Segment(panes_of(lane.spec.name), number, content)
            for lane in self._all_lanes
            for number, content in lane.lane.panes.take_full()
        ]
        return found + [Segment(FINISHED, number, run) for number, run in self._join.finished.take_full_runs()]

    def report(self, report: Report, arrived: float) -> list[Outcome]:
        """Observes a report.

        Args:
            report: Report that was not observed before.
            arrived: Time of arrival (seconds since the epoch).
        """
        state, client = self.state, report.client
        state.counters.reports += 1
        at = self._watermark.observe(client, report.at, arrived, report.boot, report.seq)
        order = (
            (f"{client}/{report.boot}/", report.seq) if report.seq else (msgspec.structs.replace(report, at=at).key, 0)
        )
        report = reduced(report if at == report.at else msgspec.structs.replace(report, at=at), self._names)
        groups = self._groups.get(client)
        if groups is None:
            groups = state.watermark.groups.get(client)
        if groups is None:
            groups = self._groups_of(report.service, report.member, report.instance, report.node)
            self._watermark.assign(client, groups)
        values = state.watermark.values
        watermark = values.get(ALL, 0.0)
        late = at < watermark
        if not late:
            self._join.add(report, order, watermark)
            self._unjoined += 1
        for group in groups:
            if at < values.get(group, 0.0):
                late = True
            else:
                self._reports[group].push(report, at, order, state.counters.reports)
        state.counters.late += late
        return self._advance(client, patient=True)

    def pass_dead_letter(self, client: str, boot: str, seq: int, now: float) -> list[Outcome]:
        """Records that a report of a client arrived at `now` and cannot be used, so that it is not waited for.

        Args:
            client: Client that sent it.
            boot: Boot of the client.
            seq: Sequence number within the boot.
            now: Time of arrival (seconds since the epoch).
        """
        self._watermark.pass_dead_letter(client, now, boot, seq)
        return self._advance()

    def heartbeat(self, client: str, interval: float, now: float) -> list[Outcome]:
        """Records that a client is there.

        Args:
            client: Client that says so.
            interval: Seconds within which it will say something again.
            now: Time of arrival (seconds since the epoch).
        """
        self._watermark.heartbeat(client, now)
        self.state.watermark.clients[client].interval = max(MIN_INTERVAL, interval)
        return self._advance()

    def promise(self, client: str, up_to: float, now: float, interval: float = DEFAULT_INTERVAL) -> list[Outcome]:
        """Records at `now` that all reports of a client up to an event time have been stored.

        Args:
            client: Client that says so.
            up_to: Event time (seconds since the epoch); 0 where the client only says that it will make such promises.
            now: Time of arrival (seconds since the epoch).
            interval: Seconds within which it will say something again.
        """
        self._watermark.promise(client, now, up_to)
        self.state.watermark.clients[client].interval = max(MIN_INTERVAL, interval)
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
        self.quiet.look(now, at_once=True)
        self._watermark.resume(now)
        for evaluator in self.evaluators:
            evaluator.begin(now)
        for processor in self.processors.values():
            processor.begin(now)
        return self._advance()

    def stall(self, seconds: float, now: float) -> list[Outcome]:
        """Records that the agent was stalled for some seconds until `now` (since the epoch) and heard nobody.

        Seconds below zero say that its clock was set back by as many.
        """
        self._watermark.stall(seconds, now)
        return []

    def shed(self, now: float) -> list[Outcome]:
        """Frees memory at `now` (since the epoch): waits for nothing that is missing, and ends all windows early."""
        self._watermark.tick(now)
        for processor in self.processors.values():
            processor.shed(now)
        outcomes = self._advance(hurry=True)
        for number in range(len(self._listeners)):
            outcomes += self._settle(self._lanes[number].cut(number))
        for lane in self._lanes.values():
            lane.trim(at_once=True)
        return outcomes

    @property
    def spare_bytes(self) -> int:
        """Returns the memory that `fold` would free, about, in bytes."""
        return sum(lane.spare_bytes for lane in self._all_lanes)

    def fold(self, now: float) -> list[Outcome]:
        """Frees memory at `now` (since the epoch) without ending a window: keeps less of the samples in windows."""
        self._watermark.tick(now)
        outcomes = self._advance()
        for lane in self._all_lanes:
            lane.condense()
        return outcomes

    def answer(self, function: str, window: tuple[int, float], answer: FunctionAnswer, now: float) -> list[Outcome]:
        """Takes at `now` what a function, by `CONTRACT/INDEX`, made of a window, by its number and end."""
        processor = self.processors.get(function)  # the contract may be another one by now
        return [*processor.answer(window, answer, now)] if processor is not None else []

    def stop(self, client: str, now: float) -> list[Outcome]:
        """Records at `now` (seconds since the epoch) that a client has announced its end."""
        self._watermark.tick(now)
        self._watermark.stop(client)
        return self._advance()

    def lose(self, client: str, now: float) -> list[Outcome]:
        """Records at `now` (seconds since the epoch) that a client has gone without a word."""
        self._watermark.tick(now)
        self._watermark.lose(client)
        return self._advance()

    def restore(self, violation: str, now: float) -> list[Outcome]:
        """Ends the actions of a violation, by its identifier, at `now` (seconds since the epoch)."""
        self._watermark.tick(now)
        ended = self.degrade_policy.restore(violation, self._watermark.value)
        self._exclude_dropped_members()
        return [*ended, *self._advance()]

    def _advance(self, reported: str | None = None, *, hurry: bool = False, patient: bool = False) -> list[Outcome]:
        """Moves the watermarks, and judges the windows that close.

        Args:
            reported: The only client whose progress has changed; None for any.
            hurry: Whether nothing is waited for.
            patient: Whether reports may be given to windows later, as long as no window closes.
        """
        self.quiet.look(self.state.watermark.now)
        watermark = self._watermark.hurry() if hurry else self._watermark.advance(reported)
        outcomes: list[Outcome] = []
        if patient and not self._watermark.moved:
            return outcomes
        # Actions that follow change who is waited for, and so who moves next.
        moved = self._watermark.moved.copy()
        for name, reports in self._reports.items():
            value = self._watermark.value_of(name)
            if (name in moved and not reports.may_wait(value)) if patient else (name in moved or reports.unreleased):
                outcomes += self._settle(reports.release(value))
                reports.trim()
        passed = watermark - self._join.span
        if ALL in moved and patient:
            final = passed >= self._requests.due or self._unjoined >= MAX_UNRELEASED
        else:
            final = ALL in moved or (self._unjoined > 0 and not patient)
        if final:
            self._unjoined = 0
            requests = self._join.advance(watermark + self._join.span if hurry and ALL in moved else watermark)
            outcomes += self._settle(self._requests.take(requests, passed))
            self._requests.trim()
        return outcomes

    def _settle(self, closings: Iterable[Closing]) -> list[Outcome]:
        """Judges windows, and has those of user functions wait for them."""
        outcomes: list[Outcome] = []
        for number, window in closings:
            listener = self._listeners[number]
            if isinstance(listener, ObjectiveEvaluator):
                outcomes += self._judge(listener, window)
            else:
                listener.take(window, self.state.watermark.now)
        return outcomes

    def _judge(self, evaluator: ObjectiveEvaluator, window: ClosedWindow) -> list[Outcome]:
        self.state.counters.windows += 1
        try:
            result, changed = evaluator.judge(window)
        except Exception as error:  # noqa: BLE001
            # Values of any kind reach a measure; what one window raises must not stop the others.
            self.state.counters.faults += 1
            result, changed = evaluator.fail(window, error), None
        outcomes: list[Outcome] = [result]
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
