"""Request join: the reports of one request become one sample."""

from __future__ import annotations

import heapq
from typing import Any

import msgspec

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.reports.finished import FinishedRequests, FinishedState
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sample import Sample, SamplePart

FINISHED_RETENTION = 60.0
"""Seconds of event time for which a finished request is remembered, so that a straggler does not open it again."""


class OpenRequest(msgspec.Struct, kw_only=True):
    """A request whose reports are still being gathered.

    Attributes:
        request: Identifier of the request.
        time: Event time of the earliest report (seconds since the epoch).
        reports: Reports so far, in order of arrival.
    """

    request: str
    time: float
    reports: list[Report]


class JoinState(msgspec.Struct, kw_only=True):
    """Everything that a join remembers.

    Attributes:
        open: Open requests by identifier.
        due: Heap of (event time, request); an entry whose time is no longer that of its request is stale.
        finished: Finished requests.
        stragglers: Reports that came after their request had finished.
        unjoined: Reports without a request, and requests that lack the report of a source or of an end.
    """

    open: dict[str, OpenRequest] = {}
    due: list[tuple[float, str]] = []
    finished: FinishedState = msgspec.field(default_factory=FinishedState)
    stragglers: int = 0
    unjoined: int = 0


class RequestJoin:
    """Joins reports by request, in a session of fixed length that starts at the request's earliest report.

    Attributes:
        span: Length of the session in seconds of event time.
        state: What the join remembers.
        finished: Requests whose samples were returned.
    """

    def __init__(self, configuration: Configuration, span: float, state: JoinState | None = None) -> None:
        self._sources = frozenset(configuration.sources)
        self._ends = frozenset(configuration.ends)
        self._single = len(configuration.services) == 1
        self.span = span
        self.state = state if state is not None else JoinState()
        self.finished = FinishedRequests(self.state.finished)

    def add(self, report: Report, order: tuple[str, int], watermark: float) -> None:
        """Adds a report to its request.

        A report of a finished request is only counted as a straggler. In a pipeline of one service a report without a
        request is a request of its own; in any other pipeline such a report is only counted as unjoined.

        Args:
            report: Report that was not added before.
            order: Identity of the report: client and boot, and sequence number.
            watermark: Event time before which no further report counts. Requests that are final by then need not
                have been taken with `advance`.
        """
        state = self.state
        request = report.request or (_request_of(order) if self._single else "")
        open_request = state.open.get(request)
        if not request:
            state.unjoined += 1
        elif self._is_finished(request, open_request, watermark):
            state.stragglers += 1
        elif open_request is not None:
            open_request.reports.append(report)
            if report.at < open_request.time:
                open_request.time = report.at
                heapq.heappush(state.due, (open_request.time, request))
        else:
            state.open[request] = OpenRequest(request=request, time=report.at, reports=[report])
            heapq.heappush(state.due, (report.at, request))

    def _is_finished(self, request: str, open_request: OpenRequest | None, watermark: float) -> bool:
        if open_request is not None:
            return open_request.time + self.span < watermark
        return self.finished.has(request, watermark - self.span - FINISHED_RETENTION)

    def advance(self, watermark: float) -> list[Sample]:
        """Returns the samples of the requests that are final at `watermark`, in order of (time, request)."""
        state = self.state
        final = []
        while state.due and state.due[0][0] + self.span < watermark:
            time, request = heapq.heappop(state.due)
            open_request = state.open.get(request)
            if open_request is not None and open_request.time == time:
                final.append(state.open.pop(request))
                self.finished.add(request, time)
        self.finished.forget(watermark - self.span - FINISHED_RETENTION)
        samples = [self._sample(open_request) for open_request in final]
        state.unjoined += sum(not (sample.values["sent"] and sample.values["answered"]) for sample in samples)
        return samples

    def _sample(self, open_request: OpenRequest) -> Sample:
        if len(open_request.reports) == 1:
            return self._single_sample(open_request, open_request.reports[0])
        # Sorted, so that the sample does not depend on the order of arrival.
        reports = sorted(open_request.reports, key=lambda report: (report.at, report.instance, report.boot, report.seq))
        parts = [part_of(report) for report in reports]
        by_member = [report for report in reports if report.member]
        plain = [report for report in reports if not report.member]
        values: dict[str, Any] = {}
        rank = dict.fromkeys(self._sources, 0) | dict.fromkeys(self._ends, 2)
        for report in sorted(plain, key=lambda report: rank.get(report.service, 1)):
            values.update({**report.fields, **report.metrics})
        if not plain or "prediction" not in values:
            # Only the member of an ensemble of one reports the prediction of a pipeline that ends in the ensemble.
            for report in by_member:
                for name, value in {**report.fields, **report.metrics}.items():
                    values.setdefault(name, value)
        starts = [_start_of(report) for report in reports if report.service in self._sources]
        ends = [report.end or report.at for report in reports if report.service in self._ends]
        return _complete(open_request, values, parts, starts, ends)

    def _single_sample(self, open_request: OpenRequest, report: Report) -> Sample:
        starts = [_start_of(report)] if report.service in self._sources else []
        ends = [report.end or report.at] if report.service in self._ends else []
        return _complete(open_request, {**report.fields, **report.metrics}, [part_of(report)], starts, ends)


def _complete(
    open_request: OpenRequest, values: dict[str, Any], parts: list[SamplePart], starts: list[float], ends: list[float]
) -> Sample:
    """Returns the sample of a request, with what is known of it as a whole."""
    values["sent"], values["answered"] = bool(starts), bool(ends)
    if starts and ends:
        values["response_time"] = max(ends) - min(starts)
        values["began"] = min(starts)
    if "truth" in values and "prediction" in values:
        values["accuracy"] = values["prediction"] == values["truth"]
    return Sample(
        time=open_request.time,
        key=open_request.request,
        request=open_request.request,
        values=values,
        parts=parts,
    )


def _request_of(order: tuple[str, int]) -> str:
    """Returns the request that a report without one is alone in."""
    return f"{order[0]}{order[1]:016d}" if order[1] else order[0]


def _start_of(report: Report) -> float:
    return report.start if report.start is not None else report.at


def part_of(report: Report) -> SamplePart:
    """Returns the content of one report as a part of a sample."""
    return SamplePart(
        service=report.service,
        member=report.member,
        instance=report.instance,
        node=report.node,
        values=report.values,
        start=report.start,
        end=report.end,
    )


def member_samples(joined: Sample) -> list[Sample]:
    """Returns one sample for each part of a joined request, with the request's truth and the part's accuracy."""
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
