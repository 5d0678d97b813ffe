"""Explanation: who contributed to a window's value, by how much, and what it would have been without each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.judging.counterfactual import as_if, members_of
from rohe_iac.observation.judging.verdict import holds
from rohe_iac.observation.measuring.measure import Feed, Measure
from rohe_iac.observation.reports.sample import Part, Sample

LEAST_LEFT = 0.1
"""Share of a window's samples that must be left to tell what it would have been without an instance or a node."""


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one service, member, instance or node in a window.

    count: samples it took part in. own: the value from its samples alone (of a member: had it answered alone).
    without: the value without it, None where hardly any would be left; kept: whether that would keep the objective.
    was: its own value in a window that was KEPT before, None where unknown.
    """

    kind: str
    name: str
    count: int
    own: float | None = None
    without: float | None = None
    kept: bool | None = None
    was: float | None = None


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A window that was KEPT before: its value, and every contributor's own one by `kind/name`."""

    start: float
    end: float
    value: float | None
    own: dict[str, float | None] = {}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Why an objective counts as BROKEN: the window, its value, the promise, who contributed, what it was before."""

    start: float
    end: float
    value: float | None
    count: int
    promise: str
    window: str
    contributions: tuple[Contribution, ...]
    baseline: Baseline | None = None


def badness(objective: ObjectiveSpec, value: float) -> float:
    """How far on the wrong side a value is; smaller is better."""
    if objective.operator in ("<", "<="):
        return value - objective.low
    if objective.operator in (">", ">="):
        return objective.low - value
    return max(objective.low - value, value - objective.high)


class Explainer:
    """Explains windows of one objective; `ensembles` are the names of the pipeline's services with members."""

    def __init__(self, objective: ObjectiveSpec, feed: Feed, measure: Measure, ensembles: Sequence[str]) -> None:
        self._objective, self._feed, self._measure = objective, feed, measure
        self._ensembles = ensembles

    def own_values(self, samples: Sequence[Sample], seconds: float) -> dict[str, float | None]:
        """Every contributor's own value, by `kind/name`."""
        return {f"{kind}/{name}": self._value(own, seconds) for kind, name, own, _ in self._splits(samples)}

    def contributions(
        self, samples: Sequence[Sample], seconds: float, baseline: Baseline | None
    ) -> tuple[Contribution, ...]:
        """All contributions, those first without whom the value would have been best."""
        found = []
        for kind, name, own, rest in self._splits(samples):
            without = self._value(rest(), seconds) if rest is not None else None
            found.append(
                Contribution(
                    kind=kind,
                    name=name,
                    count=len(own),
                    own=self._value(own, seconds),
                    without=without,
                    kept=holds(self._objective, without) if without is not None else None,
                    was=baseline.own.get(f"{kind}/{name}") if baseline is not None else None,
                )
            )
        return tuple(sorted(found, key=self._rank))

    def _rank(self, contribution: Contribution) -> tuple[bool, float, str, str]:
        without = contribution.without
        score = badness(self._objective, without) if without is not None else 0.0
        return without is None, score, contribution.kind, contribution.name

    def _value(self, samples: Sequence[Sample], seconds: float) -> float | None:
        return self._measure(samples, seconds).value if samples else None

    def _splits(
        self, samples: Sequence[Sample]
    ) -> list[tuple[str, str, list[Sample], Callable[[], list[Sample]] | None]]:
        splits: list[tuple[str, str, list[Sample], Callable[[], list[Sample]] | None]] = []
        if self._feed is Feed.ANSWERED:
            splits += self._votes(samples)
            splits += self._services(samples)
        elif self._feed is not Feed.SENT:
            splits += _by(samples, "member", lambda part: part.name if part.member else "")
        splits += _by(samples, "instance", lambda part: part.instance)
        splits += _by(samples, "node", lambda part: part.node)
        return splits

    def _votes(
        self, samples: Sequence[Sample]
    ) -> list[tuple[str, str, list[Sample], Callable[[], list[Sample]] | None]]:
        splits: list[tuple[str, str, list[Sample], Callable[[], list[Sample]] | None]] = []
        for service in self._ensembles:
            members = members_of(samples, service)
            for member in members if len(members) > 1 else ():
                own = as_if(samples, service, lambda name, only=member: name == only)  # type: ignore[misc]
                splits.append(
                    (
                        "member",
                        f"{service}/{member}",
                        own,
                        lambda service=service, member=member: as_if(samples, service, lambda name: name != member),  # type: ignore[misc]
                    )
                )
        return splits

    def _services(
        self, samples: Sequence[Sample]
    ) -> list[tuple[str, str, list[Sample], Callable[[], list[Sample]] | None]]:
        if self._objective.metric != "response_time":
            return []
        times: dict[str, list[Sample]] = {}
        for sample in samples:
            for part in sample.parts:
                if "response_time" in part.values:
                    values = {"response_time": part.values["response_time"]}
                    times.setdefault(part.service, []).append(
                        Sample(time=sample.time, key=sample.key, values=values, parts=[part])
                    )
        return [("service", name, own, None) for name, own in sorted(times.items())]


def _by(
    samples: Sequence[Sample], kind: str, name_of: Callable[[Part], str]
) -> list[tuple[str, str, list[Sample], Callable[[], list[Sample]] | None]]:
    names = sorted({name for sample in samples for part in sample.parts if (name := name_of(part))})
    if len(names) < 2:
        return []
    splits: list[tuple[str, str, list[Sample], Callable[[], list[Sample]] | None]] = []
    for name in names:
        took = [any(name_of(part) == name for part in sample.parts) for sample in samples]
        own = [sample for sample, part in zip(samples, took, strict=True) if part]
        rest = [sample for sample, part in zip(samples, took, strict=True) if not part]
        # One request that happened to miss it says nothing about what all would have been without it.
        enough = len(rest) >= max(1, LEAST_LEFT * len(samples))
        splits.append((kind, name, own, (lambda rest=rest: rest) if enough else None))  # type: ignore[misc]
    return splits
