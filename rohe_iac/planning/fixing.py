"""Fixing: for each thing that keeps a replica off a node, the smallest edits that would mend it.

The fields are, for an amount that is missing, the service's request down or the node's capacity up (`cpu`,
`memory.rss`, `memory.vms`, `cores`), shares and counts of accelerators down, and what each rule asks about. A request
that goes down does so for every replica of the workload, those that are on the node already too. How large a change is
counts relative to what the field is now, in millionths; one without an amount counts as 1000000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rohe_iac.foundation.quantities import exact_bytes, shown_cpu, shown_share
from rohe_iac.planning.demand import Demand, DeviceRequest, Resources, Toleration
from rohe_iac.planning.feasibility import NEIGHBOURHOOD, device_missing, placement_refusal
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.mending import mends
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.supply import Supply

MILLION = 1_000_000

Amount = tuple[str, str, Callable[[int], str]]
"""How people name it, its field in requests, supplies, ledgers and what-if edits, and how it is written."""

AMOUNTS: tuple[Amount, ...] = (
    ("cpu", "cpu", shown_cpu),
    ("memory.rss", "rss", exact_bytes),
    ("memory.vms", "vms", exact_bytes),
)
"""What a node has some of."""

MENDED = ("spread", "avoid", "latency", "bandwidth", "budget")
"""The rules about neighbours that an edit of one field mends."""


@dataclass(frozen=True, slots=True)
class Step:
    """An edit of one field of the demand, the node or the rest. words: for people; change: how large, in millionths.

    edit: the same for `--what-if`, "" where that has no words for it.
    """

    words: str
    change: int
    edit: str = ""
    demand: Callable[[Demand], Demand] | None = None
    node: Callable[[Supply], Supply] | None = None
    problem: Callable[[Problem], Problem] | None = None


Way = tuple[Step, ...]
"""Steps that together mend one thing."""


@dataclass(frozen=True, slots=True)
class Case:
    """One replica more of a demand on a node, as a ledger stands. own: replicas of it on each of the node's devices."""

    layout: Layout
    ledger: Ledger
    demand: int
    node: int
    own: Sequence[int]

    @property
    def wanted(self) -> Demand:
        """The demand."""
        return self.layout.demands[self.demand]

    @property
    def asked(self) -> Resources:
        """What the replica asks for."""
        return self.layout.resources[self.demand]

    @property
    def supply(self) -> Supply:
        """The node."""
        return self.layout.nodes[self.node]

    @property
    def there(self) -> int:
        """Replicas of the demand that are on the node."""
        return self.ledger.placed[self.demand].get(self.node, 0)

    @property
    def service(self) -> str:
        """The service or member as people name it."""
        return f"service/{self.wanted.service}{'/' + self.wanted.member if self.wanted.member else ''}"

    def asking(self, **changes: Any) -> Callable[[Demand], Demand]:
        """The demand asking for something else, in its chosen variant where it has any."""
        chosen = self.layout.choice[self.demand]

        def changed(demand: Demand) -> Demand:
            if chosen < 0:
                return replace(demand, resources=replace(demand.resources, **changes))
            variants = list(demand.variants)
            variants[chosen] = replace(variants[chosen], resources=replace(variants[chosen].resources, **changes))
            return replace(demand, variants=tuple(variants))

        return changed


def ways_out(case: Case) -> list[list[Way]] | None:
    """For each thing that is wrong its ways out, or None where something has none."""
    single = [*_cores(case), *_devices(case), *_fixed(case), *_neighbours(case), *_links(case)]
    found = list(_amounts(case))
    found += [[(step,) for step in ways] for ways in single]
    rule = placement_refusal(case.layout, case.ledger, case.demand, case.node)
    if rule in NEIGHBOURHOOD and rule not in MENDED:
        return None
    return None if any(not ways for ways in found) else found


def _amounts(case: Case) -> Iterator[list[Way]]:
    for amount in AMOUNTS:
        _, name, _ = amount
        asked, offered, free = getattr(case.asked, name), getattr(case.supply, name), getattr(case.ledger, name)
        if asked is None or offered is None or asked <= free[case.node]:
            continue
        lacking, each = asked - free[case.node], case.there + 1
        ways: list[Way] = [(_up(case, amount, lacking),)]
        less = -(-lacking // each)
        if less < asked:
            ways.append((_down(case, amount, less),))
        # Down as far as it goes, or as whole units allow, and up by the rest: of both in one, only this can be smaller.
        less = min(asked - 1, lacking // each)
        if 0 < less * each < lacking:
            both = (_down(case, amount, less), _up(case, amount, lacking - less * each))
            if _change(both) < min(_change(way) for way in ways):
                ways.append(both)
        yield ways


def _change(way: Way) -> int:
    return sum(step.change for step in way)


def _up(case: Case, amount: Amount, lacking: int) -> Step:
    words, name, written = amount
    offered = getattr(case.supply, name)
    # Virtual memory is offered times the overcommit ratio.
    more = -(-lacking * MILLION // case.layout.settings.vms_ratio) if name == "vms" else lacking
    size, where = offered + more, f"node/{case.supply.name}"
    return Step(
        f"{where}.{words} up to {written(size)}",
        more * MILLION // max(offered, 1),
        f"{where}.{name}={written(size)}",
        node=lambda node: replace(node, **{name: size}),
    )


def _down(case: Case, amount: Amount, less: int) -> Step:
    words, name, written = amount
    asked = getattr(case.asked, name)
    return Step(
        f"{case.service}.{words} down to {written(asked - less)}",
        less * MILLION // asked,
        f"{case.service}.{name}={written(asked - less)}",
        demand=case.asking(**{name: asked - less}),
    )


def _cores(case: Case) -> Iterator[list[Step]]:
    """Chunks down to the cores that are free, or those cores up to the chunks; more cores where there are too few."""
    chunks, free = case.asked.cores, case.ledger.cores[case.node]
    best = sorted(range(len(free)), key=lambda core: (-free[core], core))
    lacks = [max(0, chunk - free[core]) for chunk, core in zip(chunks, best, strict=False)]
    extra = chunks[len(free) :]
    lacking = sum(lacks) + sum(extra)
    if not lacking:
        return
    fitting = tuple(chunk - lack for chunk, lack in zip(chunks, lacks, strict=False) if chunk > lack)
    sizes = list(case.supply.cores)
    for core, lack in zip(best, lacks, strict=False):
        sizes[core] += lack
    larger = (*sizes, *extra)
    ways = [
        Step(
            f"node/{case.supply.name}.cores up to [{', '.join(map(shown_cpu, larger))}]",
            lacking * MILLION // max(sum(case.supply.cores), 1),
            _told(f"node/{case.supply.name}", larger, len(free)),
            node=lambda node: replace(node, cores=larger),
        )
    ]
    if fitting:
        lower = tuple(sorted(fitting, reverse=True))
        ways.append(
            Step(
                f"{case.service}.cores down to [{', '.join(map(shown_cpu, lower))}]",
                lacking * MILLION // sum(chunks),
                _told(case.service, lower, len(chunks)),
                demand=case.asking(cores=lower),
            )
        )
    yield ways


def _told(what: str, cores: Sequence[int], had: int) -> str:
    """As a what-if edit; one core in place of several has no words there."""
    return f"{what}.cores={'+'.join(map(shown_cpu, cores))}" if len(cores) > 1 or had == 1 else ""


def _devices(case: Case) -> Iterator[list[Step]]:
    for request in case.asked.devices:
        lacking = device_missing(case.layout, case.ledger.devices[case.node], case.node, request)
        if not lacking:
            continue
        less = _less(case, request)
        if less is None:
            yield []
            continue
        whole = request.count or request.share
        lower = tuple(less if one == request else one for one in case.asked.devices)
        told = f"{less.count} devices" if request.count else shown_share(less.share)
        yield [
            Step(
                f"{case.service}.{request.type} down to {told}",
                (whole - (less.count or less.share)) * MILLION // whole,
                "" if request.count else f"{case.service}.{request.type}={shown_share(less.share)}",
                demand=case.asking(devices=lower),
            )
        ]


def _less(case: Case, request: DeviceRequest) -> DeviceRequest | None:
    """The most of the request that the node holds, or None where that is nothing."""
    free, most, idle = case.ledger.devices[case.node], 0, 0
    for position, device in enumerate(case.supply.devices):
        if device.type != request.type or (request.models and device.model not in request.models):
            continue
        idle += free[position] == device.capacity
        if not device.exclusive:
            share = request.share - -(-(request.share - free[position]) // (case.own[position] + 1))
            most = max(most, share)
        elif free[position] == device.capacity:
            most = max(most, device.capacity)
    if request.count:
        return replace(request, count=idle) if idle else None
    return replace(request, share=most) if most > 0 else None


def _fixed(case: Case) -> Iterator[list[Step]]:
    """Ways out of status, labels, taints and architecture."""
    wanted, supply = case.wanted, case.supply
    where, what = f"node/{supply.name}", case.service
    if supply.name in case.layout.spare:
        yield []
    if supply.status != "running":
        running = f"{where}=running"
        yield [Step(f"{where}.status running", MILLION, running, node=lambda node: replace(node, status="running"))]
    labels = dict(supply.labels)
    for key, value in wanted.selector:
        if labels.get(key) != value:
            yield [
                Step(f"{where}.labels.{key} {value}", MILLION, node=_labelled(key, value)),
                Step(f"{what}.nodeSelector without {key}", MILLION, demand=_without(key, value)),
            ]
    for taint in supply.taints:
        kept = any(one.covers(taint.key, taint.value, taint.effect) for one in wanted.tolerations)
        if taint.effect != "PreferNoSchedule" and not kept:
            tolerated = Toleration(taint.key, "Exists")
            yield [
                Step(
                    f"{what}.tolerations with {taint.key}",
                    MILLION,
                    demand=lambda one, more=tolerated: replace(one, tolerations=(*one.tolerations, more)),  # type: ignore[misc]
                ),
                Step(
                    f"{where}.taints without {taint.key}",
                    MILLION,
                    node=lambda one, gone=taint: replace(one, taints=tuple(t for t in one.taints if t != gone)),  # type: ignore[misc]
                ),
            ]
    if wanted.arch and supply.arch and supply.arch not in wanted.arch:
        more = tuple(sorted((*wanted.arch, supply.arch)))
        yield [Step(f"{what}.arch with {supply.arch}", MILLION, demand=lambda one: replace(one, arch=more))]


def _labelled(key: str, value: str) -> Callable[[Supply], Supply]:
    return lambda node: replace(node, labels=tuple(sorted({**dict(node.labels), key: value}.items())))


def _without(key: str, value: str) -> Callable[[Demand], Demand]:
    return lambda one: replace(one, selector=tuple(pair for pair in one.selector if pair != (key, value)))


def _links(case: Case) -> Iterator[list[Step]]:
    for ways in mends(case.layout, case.ledger, case.demand, case.node):
        yield [Step(one.words, one.change, one.edit, problem=one.problem) for one in ways]


def _neighbours(case: Case) -> Iterator[list[Step]]:
    """Ways out of spread and of avoid, where the service itself asks for them."""
    layout, ledger, wanted = case.layout, case.ledger, case.wanted
    for rule in wanted.spread:
        domain = layout.domains[rule.key][case.node]
        if domain < 0:
            yield []
        elif (count := ledger.counts[case.demand][rule.key][domain]) >= rule.limit:
            wider = tuple(replace(one, limit=count + 1) if one == rule else one for one in wanted.spread)
            yield [
                Step(
                    f"{case.service}.spread.{rule.key} maxPerDomain {count + 1}",
                    (count + 1 - rule.limit) * MILLION // rule.limit,
                    demand=lambda one, wider=wider: replace(one, spread=wider),  # type: ignore[misc]
                )
            ]
    for apart in wanted.avoid:
        others = [layout.index[name] for name in apart.workloads if name in layout.index]
        domain = layout.domains[apart.key][case.node] if apart.required and apart.key in layout.domains else -1
        if domain >= 0 and any(ledger.counts[other][apart.key][domain] for other in others):
            softer = tuple(replace(one, required=False) if one == apart else one for one in wanted.avoid)
            yield [
                Step(
                    f"{case.service}.avoid not required",
                    MILLION,
                    demand=lambda one, softer=softer: replace(one, avoid=softer),  # type: ignore[misc]
                )
            ]
