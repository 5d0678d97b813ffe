"""The ground truth of a run: what services did by their own records alone, and what an agent must have made of it."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from observed_stage import Stage

from rohe_iac.observation.judging.outcome import Result
from rohe_iac.sinks.store import AgentStore

MEASURES: dict[str, Callable[[Sequence[float]], float]] = {"count": len, "total": sum, "largest": max}
"""What the objectives of a run measure of the predictions in a window, by name."""


@dataclass(frozen=True, slots=True)
class Event:
    """One report that a service was about to make.

    Attributes:
        instance: Instance of the service.
        at: Event time (seconds since the epoch).
        prediction: Value of its field `prediction`.
        accepted: Whether the library said that it is accepted; if not, nobody knows whether it will be reported.
    """

    instance: str
    at: float
    prediction: float
    accepted: bool


class GroundTruth:
    """The events of a run.

    Attributes:
        events: Events by (instance, request).
    """

    def __init__(self, stage: Stage) -> None:
        """Reads what the services of a stage recorded."""
        accepted = stage.accepted_requests()
        self.events: dict[tuple[str, str], Event] = {}
        for line in (stage.folder / "ledger.intended").read_text().splitlines():
            instance, request, at, prediction = line.split()
            key = (instance, request)
            self.events[key] = Event(instance, float(at), float(prediction), key in accepted)
        assert any(event.accepted for event in self.events.values()), "nothing was accepted, so nothing is shown"

    def compare_stored(self, stored: Counter[tuple[str, str]], left_out: Iterable[str] = ()) -> None:
        """Compares what was accepted with what an agent has stored: each once, and nothing else.

        Args:
            stored: How often each (instance, request) is stored.
            left_out: Instances whose reports cannot be used.
        """
        refused = set(left_out)
        accepted = {key for key, event in self.events.items() if event.accepted and event.instance not in refused}
        lost = accepted - set(stored)
        assert not lost, f"{len(lost)} of {len(accepted)} accepted reports are lost"
        surplus = {key: count for key, count in stored.items() if count > 1}
        assert not surplus, f"{len(surplus)} reports are counted twice"
        foreign = set(stored) - {key for key, event in self.events.items() if event.instance not in refused}
        assert not foreign, f"{len(foreign)} reports were never made"

    def compare_windows(
        self,
        results: Iterable[Result],
        *,
        step: float,
        lateness: float,
        instances: Iterable[str] = (),
        part: bool = False,
    ) -> int:
        """Compares windows by time with the events, of which none came late, and checks that none is missing.

        Args:
            results: Results of objectives that are named as MEASURES.
            step: Seconds from the begin of a window to that of the next.
            lateness: Seconds that a window waits for late reports.
            instances: Instances whose events are in the windows; by default those of all.
            part: Whether the contract was in force for a part of the run only, so that its first windows began in the
                middle and are not compared. Otherwise windows have to reach from the first accepted event up to where
                the events of all instances were complete.

        Returns:
            How many windows were compared.
        """
        wanted = set(instances)
        events = sorted(
            (event for event in self.events.values() if not wanted or event.instance in wanted), key=lambda e: e.at
        )
        times = [event.at for event in events]
        by_objective: dict[str, list[Result]] = defaultdict(list)
        for result in results:
            by_objective[result.objective].append(result)
        ends = [
            max(event.at for event in events if event.accepted and event.instance == instance)
            for instance in {event.instance for event in events if event.accepted}
        ]
        first, complete = next(event.at for event in events if event.accepted), min(ends) - lateness
        compared = 0
        for name, measure in MEASURES.items():
            found = sorted(by_objective.get(name, []), key=lambda result: result.start)
            for before, after in pairwise(found):
                assert after.start - before.start == step, f"windows of {name} are missing"
            if not part:
                assert found, f"no window of {name} closed"
                assert found[0].start <= first, f"the first windows of {name} are missing"
                # The agent may have been stopped before it closed the last one of those that were complete.
                assert found[-1].end > complete - 2 * step, f"{name} ends at {found[-1].end}, not {complete}"
            # A contract that came into force in the middle has a part of the reports in what was open then.
            for result in [one for one in found if not part or one.start >= found[0].end]:
                inside = events[bisect.bisect_left(times, result.start) : bisect.bisect_left(times, result.end)]
                certain = [event.prediction for event in inside if event.accepted]
                assert result.count <= len(inside), f"{result.count} reports in a window of {len(inside)}"
                assert result.count >= len(certain), f"{name} has {result.count} of {len(certain)} reports"
                if len(certain) == len(inside) > 0:
                    assert result.value == measure(certain), f"{name} is {result.value}, not {measure(certain)}"
                    compared += 1
        return compared


def results_of(folder: Path, contract: str = "") -> list[Result]:
    """Returns the results in the store of an agent, by default those of all contracts."""
    store = AgentStore(folder, read_only=True)
    try:
        found = [outcome for _, outcome in store.outcomes_after(0, 10**6)]
    finally:
        store.close()
    return [one for one in found if isinstance(one, Result) and (not contract or one.contract == contract)]
