"""Verification returns faults for whatever a plan file states, also where the plan and its problem do not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace

from test_random_placements import problem

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Gain, LeftOutGang, Plan, Proof
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify


def other_plans(asked: Problem, found: Plan) -> Iterator[tuple[str, Plan]]:
    """Yields plans with invented statements, and with whole lists that are missing, doubled or reversed."""
    replicas = [item.replica for item in found.placements[:1]]
    for pipeline in sorted({demand.pipeline for demand in asked.demands}):
        yield "left out", replace(found, left_out=(*found.left_out, LeftOutGang(pipeline, 1, (), ())))
        lacks = LeftOutGang(pipeline, 1, ("replica/nobody/0", *replicas), found.refusals)
        yield "left out for a placed one", replace(found, left_out=(lacks,))
    for field in fields(found):
        value = getattr(found, field.name)
        if isinstance(value, tuple):
            for other in ((), value + value, value[::-1]):
                yield field.name, replace(found, **{field.name: other})
    yield "room", replace(found, reserved=found.placements)
    yield "gain", replace(found, gain=Gain(1, "nothing", 0, 0))
    yield "proofs", replace(found, strategy="exact", proofs=(Proof("nodes", 1, 1), Proof("nothing", 0, 0)))


def other_problems(asked: Problem) -> Iterator[tuple[str, Problem]]:
    """Yields problems with a node or a service less, without any of them, and with services of no replica."""
    yield "no nodes", replace(asked, nodes=())
    yield "no services", replace(asked, demands=())
    yield "a node less", replace(asked, nodes=asked.nodes[1:])
    for position, demand in enumerate(asked.demands):
        before, after = asked.demands[:position], asked.demands[position + 1 :]
        yield "a service less", replace(asked, demands=(*before, *after))
        yield "a service of none", replace(asked, demands=(*before, replace(demand, replicas=0), *after))
        yield "one more", replace(asked, demands=(*before, replace(demand, replicas=demand.replicas + 1), *after))


def problems() -> Iterator[Problem]:
    """Yields a problem of which all replicas have a node, and some of which not all have one."""
    nodes = Supply("n1", 4000, 2**30), Supply("n2", 4000, 2**30, status="down")
    ask = Demand("service/p:a", "replica/p:a", "p-a", "p", "a", "", 2, Resources(500, (), 2**20))
    yield Problem("s", nodes, (ask,), (), (), Settings(strategy="portfolio", iterations=5))
    for seed in (1, 4, 6):
        asked = problem(seed)
        settings = replace(asked.settings, iterations=5, strategy="best-fit", survive=seed % 3, survive_zones=seed % 2)
        yield replace(asked, settings=settings, gangs=("p",)[: seed % 2])


def test_verification_returns_whatever_a_plan_states() -> None:
    tried: Counter[str] = Counter()
    for asked in problems():
        found = plan(asked)
        assert verify(asked, found) == ()
        for word, other in other_plans(asked, found):
            verify(asked, other)
            tried[word] += 1
        for word, changed in other_problems(asked):
            verify(changed, found)
            tried[word] += 1
    assert {"left out", "a service of none", "proofs"} <= set(tried)
