"""Joining: the reports of one request become one sample."""

from __future__ import annotations

import heapq
from typing import Any

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sample import Part, Sample

REMEMBERED = 60.0
"""Seconds of event time for which a finished request is known, so that a straggler does not begin it again."""


class Request(msgspec.Struct, kw_only=True):
    """The reports of one request so far. time: event time of the earliest."""

    request: str
    time: float
    reports: list[Report]


class JoinState(msgspec.Struct, kw_only=True):
    """Open requests, in what order they are due, and the times at which finished ones began.

    due: a heap; an entry whose time is not its request's any more means nothing.
    """

    open: dict[str, Request] = {}
    due: list[tuple[float, str]] = []
    finished: dict[str, float] = {}
    stragglers: int = 0
    unjoined: int = 0


class Join:
    """Gathers for `span` seconds of event time from a request's earliest report on."""

    def __init__(self, configuration: Configuration, span: float, state: JoinState | None = None) -> None:
        self._sources = frozenset(configuration.sources)
        self._ends = frozenset(configuration.ends)
        self._single = len(configuration.services) == 1
        self.span = span
        self.state = state if state is not None else JoinState()

    def add(self, report: Report, key: str) -> None:
        """Takes a report in; one of a finished request is a straggler, one without a request joins with nothing."""
        state = self.state
        request = report.request or (key if self._single else "")
        if not request:
            state.unjoined += 1
        elif request in state.finished:
            state.stragglers += 1
        elif request in state.open:
            known = state.open[request]
            known.reports.append(report)
            if report.at < known.time:
                known.time = report.at
                heapq.heappush(state.due, (known.time, request))
        else:
            state.open[request] = Request(request=request, time=report.at, reports=[report])
            heapq.heappush(state.due, (report.at, request))

    def advance(self, watermark: float) -> list[Sample]:
        """The requests that are final at `watermark`, in order of (time, request)."""
        state = self.state
        due = []
        while state.due and state.due[0][0] + self.span < watermark:
            time, request = heapq.heappop(state.due)
            known = state.open.get(request)
            if known is not None and known.time == time:
                due.append(state.open.pop(request))
                state.finished[request] = time
        # Finished in order of time, so the oldest come first.
        while state.finished:
            request, time = next(iter(state.finished.items()))
            if time + self.span + REMEMBERED > watermark:
                break
            del state.finished[request]
        samples = [self._sample(known) for known in due]
        state.unjoined += sum(not (sample.values["sent"] and sample.values["answered"]) for sample in samples)
        return samples

    def _sample(self, known: Request) -> Sample:
        # The order of arrival must mean nothing.
        reports = sorted(known.reports, key=lambda report: (report.at, report.instance, report.boot, report.seq))
        parts = [part_of(report) for report in reports]
        by_member = [report for report in reports if report.member]
        plain = [report for report in reports if not report.member]
        values: dict[str, Any] = {}
        rank = dict.fromkeys(self._sources, 0) | dict.fromkeys(self._ends, 2)
        for report in sorted(plain, key=lambda report: rank.get(report.service, 1)):
            values.update({**report.fields, **report.metrics})
        if not plain or "prediction" not in values:
            # A pipeline that ends in an ensemble of one has no other word than its member's.
            for report in by_member:
                for name, value in {**report.fields, **report.metrics}.items():
                    values.setdefault(name, value)
        starts = [_start(report) for report in reports if report.service in self._sources]
        ends = [report.end or report.at for report in reports if report.service in self._ends]
        values["sent"], values["answered"] = bool(starts), bool(ends)
        if starts and ends:
            values["response_time"] = max(ends) - min(starts)
            values["began"] = min(starts)
        if "truth" in values and "prediction" in values:
            values["accuracy"] = values["prediction"] == values["truth"]
        return Sample(time=known.time, key=known.request, request=known.request, values=values, parts=parts)


def _start(report: Report) -> float:
    return report.start if report.start is not None else report.at


def part_of(report: Report) -> Part:
    """What one report says, as a part of a sample."""
    return Part(
        service=report.service,
        member=report.member,
        instance=report.instance,
        node=report.node,
        values=report.values,
        start=report.start,
        end=report.end,
    )


def member_samples(joined: Sample) -> list[Sample]:
    """One sample a part of a joined request, each told what was true."""
    samples = []
    for index, part in enumerate(joined.parts):
        values = dict(part.values)
        if "truth" in joined.values:
            values.setdefault("truth", joined.values["truth"])
            if "prediction" in values:
                values["accuracy"] = values["prediction"] == joined.values["truth"]
        key = f"{joined.key}\n{index:04d}"
        samples.append(Sample(time=joined.time, key=key, request=joined.request, values=values, parts=[part]))
    return samples
