"""Quiet watch: looks from time to time whether objectives hear anything, and makes those UNKNOWN that do not.

Windows alone cannot say so: one of a number of reports stays open for ever when reports end, and one of a span of time
closes only when its reports are waited for no longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.judging.objective_evaluator import ObjectiveEvaluator
from rohe_iac.observation.judging.quiet import HeardPlace, Quiet, place_of, quiet_of, silent_clients
from rohe_iac.observation.measuring.measure import SampleStream
from rohe_iac.observation.observer_state import ObserverState

LOOK_INTERVAL = 0.5
"""Seconds between two looks."""

MAX_PAUSE = 6.0
"""Seconds without a connection after which nothing is known of anybody."""


class QuietWatch:
    """Watches the objectives of an observer.

    Attributes:
        silent: Planned clients that do not speak although they promised to, or were never heard, at the last look.
    """

    def __init__(
        self,
        configuration: Configuration,
        evaluators: Sequence[ObjectiveEvaluator],
        groups: Mapping[str, Sequence[str]],
        state: ObserverState,
    ) -> None:
        """Takes what is watched.

        Args:
            configuration: What is observed.
            evaluators: Evaluators of the objectives.
            groups: Names of the groups of each planned instance, which objectives over reports hear.
            state: State of the observer.
        """
        self._evaluators, self._groups, self._state = evaluators, groups, state
        services = {item.instance: item.service for item in configuration.instances}
        self._sources = [name for name, service in services.items() if service in configuration.sources]
        self._ends = [name for name, service in services.items() if service in configuration.ends]
        self._by_group: dict[str, list[str]] = {}
        for name, found in groups.items():
            for group in found:
                self._by_group.setdefault(group, []).append(name)
        self.silent: set[str] = set()
        self._changed = False

    def take_change(self) -> bool:
        """Returns whether a look has found something else since the last call."""
        changed, self._changed = self._changed, False
        return changed

    def look(self, now: float, *, at_once: bool = False) -> None:
        """Looks at all objectives, unless that was done a short while ago.

        Args:
            now: Present time (seconds since the epoch).
            at_once: Whether it does not matter when that was.
        """
        if abs(now - self._state.looked) < LOOK_INTERVAL and not at_once:
            return
        self._state.looked = now
        watermark = self._state.watermark
        if watermark.paused:
            if now - watermark.paused_at > MAX_PAUSE:
                for evaluator in self._evaluators:
                    self._changed |= evaluator.quieten(Quiet.SILENT, now)
            return
        since = watermark.resumed
        silent = silent_clients(self._groups, watermark.clients, now, since)
        self._changed |= silent != self.silent
        self.silent = silent
        places: dict[str, HeardPlace | None] = {}
        for evaluator in self._evaluators:
            heard = self._heard(evaluator, places)
            seconds = evaluator.window_seconds(0.0)
            quiet = quiet_of(heard, evaluator.objective.window, seconds, now)
            self._changed |= evaluator.quieten(quiet, now)

    def _heard(self, evaluator: ObjectiveEvaluator, places: dict[str, HeardPlace | None]) -> list[HeardPlace]:
        """Returns the places that an objective hears; those that were worked out are in `places` by name."""
        if evaluator.stream is SampleStream.REPORTS:
            found = [self._place(f"/{evaluator.group}", self._by_group.get(evaluator.group, ()), places)]
        elif evaluator.stream is SampleStream.SENT:
            # Sources count requests by themselves: without an end, none of them is answered.
            found = [self._place("sources", self._sources, places)]
        else:
            found = [self._place("sources", self._sources, places), self._place("ends", self._ends, places)]
        return [place for place in found if place is not None]

    def _place(self, key: str, planned: Sequence[str], places: dict[str, HeardPlace | None]) -> HeardPlace | None:
        """Returns a place; None where nobody of it gets requests."""
        if key not in places:
            watermark = self._state.watermark
            names = [name for name in planned if name not in watermark.excluded]
            # Clients that no plan names may report too; which of these take part in requests is not known.
            names += [name for name, groups in watermark.groups.items() if key[0] != "/" or key[1:] in groups]
            places[key] = place_of(names, watermark.clients, self.silent, watermark.resumed) if names else None
        return places[key]
