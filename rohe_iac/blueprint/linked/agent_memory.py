"""Memory of an agent, worked out from the windows of its contracts and the load of its pipeline.

An agent keeps every report until the watermark has passed it, every request until its reports have come, and every
sample until no window needs it. The figures are measured (docs/sizing.md): reports of 400 bytes with ten numbers, after
a restart from a checkpoint, when equal parts are no longer shared and an agent needs most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rohe_iac.blueprint.language.contract import Objective, ObservationContract, Window
from rohe_iac.blueprint.language.pipeline import Pipeline, Service
from rohe_iac.blueprint.linked.flow import rates_of
from rohe_iac.blueprint.linked.memory_figures import (
    CHECKPOINT_SHARE,
    FINISHED_BYTES,
    MEBIBYTE,
    PROCESS_BYTES,
    WAITING_BYTES,
    WINDOW_BYTES,
)
from rohe_iac.foundation.quantities import shown_bytes

FINISHED_SECONDS = 60.0
"""Seconds for which a finished request is remembered."""

DEFAULT_MEMORY = 128 * MEBIBYTE
"""Least memory that an agent gets where the stack requests none."""

DEFAULT_LOAD = 10.0
"""Requests a second that are assumed of a pipeline without a load."""

STEP = 8 * MEBIBYTE
"""Steps in which memory is given out."""

SESSION_GAPS = 10
"""Gaps after which a session is taken to have ended; its length is not bounded by the contract."""


@dataclass(frozen=True, slots=True)
class AgentMemory:
    """What one agent needs.

    Attributes:
        pipeline: Name of the pipeline.
        load: Requests a second at the pipeline's sources.
        stated: Whether the pipeline states the load.
        waiting: Reports that wait for the watermark or for others of their request.
        finished: Finished requests that are remembered.
        windows: Reports in the windows of each objective and user function, by `CONTRACT/NAME`.
        functions: Bytes that the processes of each user function may have, by `CONTRACT/NAME`.
    """

    pipeline: str
    load: float
    stated: bool
    waiting: float
    finished: float
    windows: tuple[tuple[str, float], ...]
    functions: tuple[tuple[str, int], ...] = ()

    @property
    def in_windows(self) -> float:
        """Returns how many reports the agent keeps in windows."""
        return sum(reports for _, reports in self.windows)

    @property
    def of_functions(self) -> int:
        """Returns the bytes that the processes of all user functions may have together."""
        return sum(size for _, size in self.functions)

    @property
    def needed(self) -> int:
        """Returns the memory in bytes that the agent needs with its user functions, in whole steps."""
        kept = self.waiting * WAITING_BYTES + self.in_windows * WINDOW_BYTES + self.finished * FINISHED_BYTES
        return math.ceil((PROCESS_BYTES + self.of_functions + (1 + CHECKPOINT_SHARE) * kept) / STEP) * STEP

    @property
    def request(self) -> int:
        """Returns the memory in bytes that an agent gets where the stack requests none."""
        return max(DEFAULT_MEMORY, self.needed)

    @property
    def formula(self) -> str:
        """Returns the sum as people read it: `64Mi + 1.4 x (2,000 reports in windows x 640 bytes + ...)`."""
        load = f"{self.load:g}/s" if self.stated else f"{self.load:g}/s, assumed because no load is stated"
        count = len(self.functions)
        functions = f" + {shown_bytes(self.of_functions)} of {count} user function{'s' * (count > 1)}" if count else ""
        return (
            f"{shown_bytes(PROCESS_BYTES)}{functions} + {1 + CHECKPOINT_SHARE:g} x"
            f" ({self.in_windows:,.0f} reports in windows x {WINDOW_BYTES} bytes"
            f" + {self.waiting:,.0f} that wait x {shown_bytes(WAITING_BYTES)}"
            f" + {self.finished:,.0f} requests x {FINISHED_BYTES} bytes)"
            f" at {load}"
        )

    @property
    def largest(self) -> str:
        """Returns the objective or user function with most reports in its windows; "" where there is none."""
        return max(self.windows, key=lambda window: window[1], default=("", 0.0))[0]


def agent_memory(pipeline: Pipeline, contracts: Iterable[ObservationContract]) -> AgentMemory:
    """Works out the memory of the agent of a pipeline.

    Args:
        pipeline: Pipeline that is observed.
        contracts: Contracts of the stack; those about other pipelines are left out.
    """
    stated = pipeline.spec.load is not None
    load = pipeline.spec.load if pipeline.spec.load is not None else DEFAULT_LOAD
    if not stated:
        pipeline = pipeline.model_copy(update={"spec": pipeline.spec.model_copy(update={"load": load})})
    requests = rates_of(pipeline)
    rates = {service.name: requests.get(service.name, load) * _members(service) for service in pipeline.spec.services}
    own = [contract for contract in contracts if contract.spec.pipeline == pipeline.metadata.name]
    lateness = max((contract.spec.lateness for contract in own), default=2.0)
    total = sum(rates.values())
    per_request = total / load if load else 0.0
    windows = []
    functions = []
    for contract in own:
        name = contract.metadata.name
        for index, objective in enumerate(contract.spec.objectives):
            label = f"{name}/{objective.name or objective.metric or index}"
            windows.append((label, _objective_reports(objective, pipeline, rates, load, per_request)))
        for processing in contract.spec.processing:
            windows.append((f"{name}/{processing.function}", _samples(processing.window, total)))
            functions.append((f"{name}/{processing.function}", processing.memory))
    return AgentMemory(
        pipeline=pipeline.metadata.name,
        load=load,
        stated=stated,
        # A report waits for the watermark, which is the lateness behind, and its request for twice as long.
        waiting=total * 3 * lateness,
        finished=load * (FINISHED_SECONDS + 2 * lateness),
        windows=tuple(windows),
        functions=tuple(functions),
    )


def _members(service: Service) -> int:
    return len(service.ensemble.members) if service.ensemble is not None else 1


def _objective_reports(
    objective: Objective, pipeline: Pipeline, rates: dict[str, float], load: float, per_request: float
) -> float:
    scope = objective.scope
    if not any(value for value in scope.model_dump().values()):
        # A sample of the whole pipeline is a request with all of its reports.
        return _samples(objective.window, load) * per_request
    rate = rates.get(scope.service or "", sum(rates.values()))
    if scope.service and scope.member:
        service = next((service for service in pipeline.spec.services if service.name == scope.service), None)
        rate /= max(1, _members(service)) if service is not None else 1
    return _samples(objective.window, rate)


def _samples(window: Window, rate: float) -> float:
    """Returns how many samples of so many a second a window keeps, at most."""
    if window.session is not None:
        return rate * window.session * SESSION_GAPS
    size, every = window.size_length, window.every_length
    if size is None:
        return 0.0
    if size.reports is not None:
        return float(size.reports)
    seconds = size.seconds or 0.0
    # The samples of a sliding window are dropped when the next one closes.
    overlap = every.seconds if every is not None and every.seconds is not None and every.seconds < seconds else 0.0
    return rate * (seconds + overlap)
