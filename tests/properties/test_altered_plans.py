from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from test_random_placements import problem

from rohe_iac.planning.model.plan import CoreUse, DeviceUse, Loss, Placement, Plan, PortUse, Refusals, Relaxed
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

OTHER_TYPE = {"gpu": "tpu", "tpu": "gpu"}
PLACES = ("cores", "devices", "ports")


def misnamed(item: Placement) -> Iterator[tuple[str, Placement]]:
    for name in ("replica", "instance", "workload", "pipeline", "service", "member", "variant", "node"):
        yield name, structs.replace(item, **{name: getattr(item, name) + "-other"})
    yield "kind", structs.replace(item, system=not item.system)
    yield "index", structs.replace(item, index=item.index + 100)
    if item.variant:
        yield "no variant", structs.replace(item, variant="")


def misgiven(item: Placement) -> Iterator[tuple[str, Placement]]:
    extra: dict[str, Any] = {"cores": CoreUse(0, 0), "devices": DeviceUse("gpu", "gpu0", 1), "ports": PortUse("x", 7)}
    for name in PLACES:
        uses = getattr(item, name)
        yield f"{name} more", structs.replace(item, **{name: (*uses, extra[name])})
        if uses:
            yield f"{name} less", structs.replace(item, **{name: uses[1:]})
            yield f"{name} twice", structs.replace(item, **{name: (uses[0], *uses)})

    def first(where: str, **changed: Any) -> Placement:
        uses = getattr(item, where)
        return structs.replace(item, **{where: (structs.replace(uses[0], **changed), *uses[1:])})

    if item.cores:
        yield "core's amount", first("cores", amount=item.cores[0].amount + 1)
        yield "core", first("cores", core=99)
    if len(item.cores) > 1:
        yield "one core for two chunks", first("cores", core=item.cores[1].core)
    if item.devices:
        yield "device's amount", first("devices", amount=item.devices[0].amount + 1)
        yield "device's type", first("devices", type=OTHER_TYPE[item.devices[0].type])
        yield "device", first("devices", device="gpu99")
    if item.ports:
        yield "port's number", first("ports", number=41_999)
        yield "port's name", first("ports", name="other")


def reasoned_wrong(found: Plan) -> Iterator[tuple[str, Plan]]:
    def with_first(item: Placement) -> Plan:
        return replace(found, placements=(item, *found.placements[1:]))

    item = found.placements[0]
    for word in (f"{item.reason}x", "the best", "tightest fit among 999 suitable nodes"):
        yield "reason", with_first(structs.replace(item, reason=word))
    yield "decider", with_first(structs.replace(item, decided="luck"))
    if item.decided != "previous":
        yield "other decider", with_first(structs.replace(item, decided="previous"))
    if not item.late:
        yield "late", with_first(structs.replace(item, late=True))
    if item.parts:
        yield "points", with_first(structs.replace(item, points=item.points + 1))
        first, rest = item.parts[0], item.parts[1:]
        yield "part", with_first(structs.replace(item, parts=(structs.replace(first, points=first.points + 1), *rest)))
        yield "scorer", with_first(structs.replace(item, parts=(structs.replace(first, scorer="luck"), *rest)))
    if item.runner_up:
        yield "runner-up", with_first(structs.replace(item, runner_up=structs.replace(item.runner_up, node="other")))
        yield "itself", with_first(structs.replace(item, runner_up=structs.replace(item.runner_up, node=item.node)))
    for position, told in enumerate(found.refusals):
        if not told.closest:
            continue

        def other(changed: Refusals, position: int = position) -> Plan:
            return replace(found, refusals=(*found.refusals[:position], changed, *found.refusals[position + 1 :]))

        near = told.closest[0]
        yield "closest left out", other(structs.replace(told, closest=told.closest[1:]))
        yield "closest order", other(structs.replace(told, closest=(structs.replace(near, shortfall=1 << 40), near)))
        for changed in (structs.replace(near, rule="luck"), structs.replace(near, missing="luck")):
            yield "closest", other(structs.replace(told, closest=(changed, *told.closest[1:])))
        if any(rule in ("labels", "taints", "architecture", "status") for rule, _ in told.by_rule):
            more = tuple((rule, number + 1) for rule, number in told.by_rule)
            yield "count of a rule", other(structs.replace(told, by_rule=more))
        break
    for lost in found.unplaced[:1]:
        yield (
            "unplaced closest",
            replace(found, unplaced=(structs.replace(lost, closest=lost.closest[1:]), *found.unplaced[1:])),
        )
    yield "eased", replace(found, relaxed=(Relaxed("service/p:nobody", 0),))
    yield "spare", replace(found, spare=item.node)
    yield "losses", replace(found, losses=(Loss(item.node, (item.replica,), ()),))


def told_wrong(found: Plan) -> Iterator[tuple[str, Plan]]:
    yield from reasoned_wrong(found)
    yield "stack", replace(found, stack="other")
    yield "strategy", replace(found, strategy="other")
    yield "objective", replace(found, objective=found.objective[::-1])
    yield "left out", replace(found, placements=found.placements[1:])
    yield "a second time", replace(found, placements=(*found.placements, found.placements[0]))
    bound = found.bound
    for word, changed in (
        ("nodes", {"nodes_used": bound.nodes_used + 1}),
        ("bound", {"at_least": bound.at_least + 1}),
        ("proof", {"proven": not bound.proven}),
        ("no argument", {"arguments": ()}),
        ("solver", {"arguments": ("exact",)}),
    ):
        yield word, replace(found, bound=replace(bound, **changed))  # type: ignore[arg-type]
    for one in found.refusals[:1]:
        yield "refusals twice", replace(found, refusals=(one, *found.refusals))
        yield "count", replace(found, refusals=(structs.replace(one, by_rule=(("cpu", 999),)), *found.refusals[1:]))
    for lost in found.unplaced[:1]:
        yield "unplaced left out", replace(found, unplaced=found.unplaced[1:])
        yield "unplaced name", replace(found, unplaced=(structs.replace(lost, service="other"), *found.unplaced[1:]))


def alterations(asked: Problem, found: Plan) -> Iterator[tuple[str, Plan]]:
    yield from told_wrong(found)
    for position in range(0, len(found.placements), 1 + len(found.placements) // 3):
        item = found.placements[position]
        for word, changed in (*misnamed(item), *misgiven(item)):
            yield (
                word,
                replace(found, placements=(*found.placements[:position], changed, *found.placements[position + 1 :])),
            )
    by_workload = {demand.workload: demand for demand in asked.demands}
    times = Counter(item.workload for item in found.placements)
    for position, item in enumerate(found.placements):
        others = [one.name for one in by_workload[item.workload].variants if one.name != item.variant]
        if others and times[item.workload] > 1:
            mixed = structs.replace(item, variant=others[0])
            yield (
                "two variants",
                replace(found, placements=(*found.placements[:position], mixed, *found.placements[position + 1 :])),
            )
            break


@pytest.mark.parametrize("seeds", [range(7), pytest.param(range(7, 16), marks=pytest.mark.soak)], ids=["few", "more"])
def test_whatever_is_told_otherwise_is_refused(seeds: range) -> None:
    tried: Counter[str] = Counter()
    for seed in seeds:
        asked = problem(seed)
        found = plan(asked)
        if not found.placements:
            continue
        assert verify(asked, found) == (), seed
        for word, other in alterations(asked, found):
            assert verify(asked, other) != (), (seed, word)
            tried[word] += 1
    assert {"two variants", "no variant", "device", "one core for two chunks", "port's number", "solver"} <= set(tried)
