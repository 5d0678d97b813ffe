"""Explanation: the contributions of services, members, instances and nodes to the value of a window."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import msgspec

from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.judging.counterfactual import MemberFilter, revote, voting_members
from rohe_iac.observation.judging.verdict import satisfies
from rohe_iac.observation.measuring.derived import Derivation, DerivedSelection, derive
from rohe_iac.observation.measuring.lane import LaneSelection
from rohe_iac.observation.measuring.measure import Measure, SampleStream
from rohe_iac.observation.measuring.selection import SampleSelection
from rohe_iac.observation.reports.sample import Identity, Sample

MIN_REMAINING_SHARE = 0.1
"""Share of a window's samples that must remain for the value without an instance or a node to be computed."""

MAX_JOINT_PARTS = 4
"""Parts of one kind whose joint removal is tried, those without which the value would be best."""

MAX_REMOVALS = 200
"""Contributors of one kind without which the value is worked out, those whose own values are the worst."""


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one service, member, instance or node in a window.

    Attributes:
        kind: service, member, instance or node.
        name: Name of the contributor.
        count: How many samples it took part in.
        own: Value of its samples alone; of a member, the value if that member alone had voted.
        without: Value without it; None where too few samples would remain.
        kept: Whether the value without it would keep the objective.
        was: Its own value in an earlier window that was KEPT; None where unknown.
    """

    kind: str
    name: str
    count: int
    own: float | None = None
    without: float | None = None
    kept: bool | None = None
    was: float | None = None


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier window that was KEPT.

    Attributes:
        start: Start of the window (seconds since the epoch).
        end: End of the window (seconds since the epoch).
        value: Value of the window.
        own: Own value of each contributor by `kind/name`.
    """

    start: float
    end: float
    value: float | None
    own: dict[str, float | None] = {}


class JointRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """The fewest parts of one kind that are found without which a window would keep the objective.

    Attributes:
        kind: member, instance or node.
        names: Names of the contributors, at least two.
        without: Value without all of them.
    """

    kind: str
    names: tuple[str, ...]
    without: float


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Why an objective counts as BROKEN.

    Attributes:
        start: Start of the window (seconds since the epoch).
        end: End of the window (seconds since the epoch).
        value: Value of the window.
        count: How many samples the value is made of.
        promise: The objective as people read it.
        window: Size and interval of the window as people read them.
        contributions: Contributions, most helpful removal first.
        baseline: An earlier window that was KEPT, to compare with.
        unit: Unit of the values, for people, as `shown_measurement` takes it.
        together: The parts that only their joint removal would keep the objective; None where one part alone is
            enough, or none are found.
        error: Relative error of the value, such as 0.01; left out where the value is exact.
        close: Whether the threshold is within the error; left out where it is not.
        explained: How many of the samples, the newest, the contributions of members and services are worked out of;
            left out where it is all of them.
    """

    start: float
    end: float
    value: float | None
    count: int
    promise: str
    window: str
    contributions: tuple[Contribution, ...]
    baseline: Baseline | None = None
    unit: str = ""
    together: JointRemoval | None = None
    error: float | msgspec.UnsetType = msgspec.UNSET
    close: bool | msgspec.UnsetType = msgspec.UNSET
    explained: int | msgspec.UnsetType = msgspec.UNSET


def violation_degree(objective: ObjectiveSpec, value: float) -> float:
    """Returns how far a value is beyond the objective's threshold, in the metric's unit; at most 0 where it is kept."""
    if objective.operator in ("<", "<="):
        return value - objective.low
    if objective.operator in (">", ">="):
        return objective.low - value
    return max(objective.low - value, value - objective.high)


class _Split(NamedTuple):
    """One contributor's samples of a window, and how to get the samples without it (None where too few remain)."""

    kind: str
    name: str
    own: SampleSelection
    remaining: Callable[[], SampleSelection] | None


class Explainer:
    """Explains the windows of one objective."""

    def __init__(
        self, objective: ObjectiveSpec, stream: SampleStream, measure: Measure, ensembles: Sequence[str]
    ) -> None:
        """Prepares explanations.

        Args:
            objective: Objective to explain.
            stream: Stream that the objective measures.
            measure: Measure of the objective.
            ensembles: Names of the pipeline's services with members.
        """
        self._objective, self._stream, self._measure = objective, stream, measure
        self._ensembles = ensembles

    def own_values(self, samples: LaneSelection, seconds: float) -> dict[str, float | None]:
        """Returns the own value of each contributor by `kind/name`, for samples of a window of so many seconds."""
        return {f"{split.kind}/{split.name}": self._value(split.own, seconds) for split in self._splits(samples)}

    def contributions(
        self, samples: LaneSelection, seconds: float, baseline: Baseline | None
    ) -> tuple[Contribution, ...]:
        """Returns all contributions, the one without which the value would be best first.

        Args:
            samples: Samples of the window.
            seconds: Length of the window.
            baseline: Earlier window that was KEPT, if there is one.
        """
        splits = [(split, self._value(split.own, seconds)) for split in self._splits(samples)]
        removed = self._worst(splits)
        contributions = []
        for place, (split, own) in enumerate(splits):
            remaining = split.remaining if place in removed else None
            without = self._value(remaining(), seconds) if remaining is not None else None
            contributions.append(
                Contribution(
                    kind=split.kind,
                    name=split.name,
                    count=split.own.count,
                    own=own,
                    without=without,
                    kept=satisfies(self._objective, without) if without is not None else None,
                    was=baseline.own.get(f"{split.kind}/{split.name}") if baseline is not None else None,
                )
            )
        return tuple(sorted(contributions, key=self._rank))

    def _worst(self, splits: Sequence[tuple[_Split, float | None]]) -> set[int]:
        """Returns the places of the contributors whose removal is tried: of many of a kind those of worst value."""
        by_kind: dict[str, list[tuple[float, int]]] = {}
        for place, (split, own) in enumerate(splits):
            degree = violation_degree(self._objective, own) if own is not None else -math.inf
            by_kind.setdefault(split.kind, []).append((-degree, place))
        return {place for found in by_kind.values() for _, place in sorted(found)[:MAX_REMOVALS]}

    def together(
        self, samples: LaneSelection, seconds: float, contributions: Sequence[Contribution]
    ) -> JointRemoval | None:
        """Returns the fewest parts whose joint removal would keep the objective, where no single part's would.

        Of each kind, and each ensemble, the MAX_JOINT_PARTS parts without which the value would be best are tried: all
        pairs, then all triples.

        Args:
            samples: Samples of the window.
            seconds: Length of the window.
            contributions: Contributions to the window, the best removal first.
        """
        if any(contribution.kept for contribution in contributions):
            return None
        groups: dict[tuple[str, str], list[str]] = {}
        for item in contributions:
            if item.kind != "service":
                ensemble = item.name.partition("/")[0] if item.kind == "member" else ""
                groups.setdefault((item.kind, ensemble), []).append(item.name)
        for size in (2, 3):
            found = [
                JointRemoval(kind=kind, names=names, without=value)
                for (kind, _), group in groups.items()
                for names in combinations(group[:MAX_JOINT_PARTS], size)
                if size < len(group) and (value := self._value_without(samples, seconds, kind, names)) is not None
            ]
            kept = [removal for removal in found if satisfies(self._objective, removal.without)]
            if kept:
                return min(
                    kept, key=lambda removal: (violation_degree(self._objective, removal.without), removal.names)
                )
        return None

    def _value_without(self, samples: LaneSelection, seconds: float, kind: str, names: Sequence[str]) -> float | None:
        """Returns the value of a window without some parts of one kind; None where too few samples would remain."""
        if kind == "member" and self._stream is SampleStream.ANSWERED:
            ensemble = names[0].partition("/")[0]
            gone = {name.partition("/")[2] for name in names}
            return self._value(_revoted(samples, ensemble, gone), seconds)
        remaining = _remaining(
            samples, [place for name, places in _places(samples, kind) if name in names for place in places]
        )
        return self._value(remaining(), seconds) if remaining is not None else None

    def _rank(self, contribution: Contribution) -> tuple[bool, float, str, str]:
        without = contribution.without
        degree = violation_degree(self._objective, without) if without is not None else 0.0
        return without is None, degree, contribution.kind, contribution.name

    def _value(self, samples: SampleSelection, seconds: float) -> float | None:
        return self._measure.of(samples, seconds).value if samples.count else None

    @property
    def needs_records(self) -> bool:
        """Returns whether samples themselves are looked at, and not only what is read from them."""
        by_service = self._objective.metric == "response_time"
        return self._stream is SampleStream.ANSWERED and (bool(self._ensembles) or by_service)

    @property
    def _may_be_sampled(self) -> bool:
        """Returns whether a part of the samples gives about the value of all of them, which a count does not."""
        objective = self._objective
        return objective.metric in ("accuracy", "response_time") and objective.aggregate not in (
            "count",
            "sum",
            "rate",
        )

    def explained(self, samples: LaneSelection) -> int | None:
        """Returns how many samples members and services are explained by, where it is not all of them."""
        return samples.recorded if self.needs_records and samples.recorded < samples.count else None

    def _splits(self, samples: LaneSelection) -> list[_Split]:
        splits: list[_Split] = []
        if self._stream is SampleStream.ANSWERED:
            splits += self._split_requests(samples)
        elif self._stream is not SampleStream.SENT:
            splits += _split_by(samples, "member")
        splits += _split_by(samples, "instance")
        splits += _split_by(samples, "node")
        return splits

    def _split_requests(self, samples: LaneSelection) -> list[_Split]:
        """Returns a split for each member of an ensemble, and one for each service with response times."""
        if not self.needs_records or (samples.recorded < samples.count and not self._may_be_sampled):
            return []
        derivations: dict[str, Derivation] = {
            f"votes of {name}": partial(_single_votes, name) for name in self._ensembles
        }
        if self._objective.metric == "response_time":
            derivations["times"] = _service_times
        derived = derive(samples, derivations)
        splits: list[_Split] = []
        for service in self._ensembles:
            votes = derived[f"votes of {service}"]
            for member, own in sorted(votes.items()) if len(votes) > 1 else ():
                remaining = partial(_revoted, samples, service, {member})
                splits.append(_Split("member", f"{service}/{member}", own, remaining))
        splits += [_Split("service", name, own, None) for name, own in sorted(derived.get("times", {}).items())]
        return splits


def _single_votes(service: str, samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Returns the requests as each member of an ensemble alone would have answered them, by member."""
    return {member: revote(samples, service, _only(member)) for member in voting_members(samples, service)}


def _service_times(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Returns the parts of requests that have a response time, by service."""
    times: dict[str, list[Sample]] = {}
    for sample in samples:
        for part in sample.parts:
            if "response_time" in part.values:
                values = {"response_time": part.values["response_time"]}
                made = Sample(time=sample.time, key=sample.key, values=values, parts=[part])
                times.setdefault(part.service, []).append(made)
    return times


def _revoted(samples: LaneSelection, service: str, gone: Collection[str]) -> SampleSelection:
    """Returns the requests as they would have been answered without some members of an ensemble."""
    name = f"votes of {service} without {', '.join(sorted(gone))}"

    def revoted(records: Sequence[Sample]) -> dict[str, list[Sample]]:
        return {"": revote(records, service, lambda member: member not in gone)}

    return derive(samples, {name: revoted})[name].get("", DerivedSelection(samples.lane))


def _only(member: str) -> MemberFilter:
    return lambda name: name == member


_NAME_OF: Mapping[str, Callable[[Identity], str]] = {
    "member": lambda identity: f"{identity[0]}/{identity[1]}" if identity[1] else "",
    "instance": lambda identity: identity[2],
    "node": lambda identity: identity[3],
}
"""The name of an instance's contributor of each kind."""


def _places(samples: LaneSelection, kind: str) -> list[tuple[str, set[int]]]:
    """Returns the names of a kind, sorted, each with the places of the origins that it takes part in."""
    name_of = _NAME_OF[kind]
    found: dict[str, set[int]] = {}
    for place, origin in samples.origins():
        for identity in origin:
            if name := name_of(identity):
                found.setdefault(name, set()).add(place)
    return sorted(found.items())


def _split_by(samples: LaneSelection, kind: str) -> list[_Split]:
    """Returns one split for each name of a kind, with the samples that have such a part; none for a single name."""
    by_name = _places(samples, kind)
    if len(by_name) < 2:
        return []
    return [_Split(kind, name, samples.of(places), _remaining(samples, places)) for name, places in by_name]


def _remaining(samples: LaneSelection, gone: Collection[int]) -> Callable[[], SampleSelection] | None:
    """Returns how to get the samples without those of some origins; None where too few remain.

    A single request that happened to miss a contributor says nothing about all requests without it.
    """
    count = samples.count - samples.of(gone).count
    if count < max(1, MIN_REMAINING_SHARE * samples.count):
        return None
    return lambda: samples.of(samples.counts.keys() - set(gone))
