"""Answers of why-not about small problems of many shapes, each judged by trying the values between by brute force."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from random import Random

import pytest
from drawing import generator
from msgspec import structs

from rohe_iac.planning.model.demand import (
    AffinityRule,
    Demand,
    DeviceRequest,
    PortRequest,
    Resources,
    SpreadRule,
    TolerationRule,
)
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Device, NodeTaint, Supply
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.why_not import Fix, WhyNot, why_not
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

KI, MI = 2**10, 2**20

UNITS = (("m", 1, 1, 1), ("", 250, 1000, MI), ("", 700, 4000, 64 * KI), ("", 35, 100, 1000))
"""Shapes: a unit of cpu, what amounts of it are multiples of, the least node, and what memory is a multiple of."""

TRIED = 40
"""Values between the present one and that of a fix that are tried for each claim."""


def drawn_problem(seed: int) -> Problem:
    """Returns a few services and nodes of one of the shapes; most of the nodes are nearly full."""
    drawn: Random = generator(seed)
    _, step, least, memory = UNITS[seed % len(UNITS)]
    nodes = tuple(
        Supply(
            f"edge-{number}",
            size := least + step * drawn.randint(2, 9),
            memory * drawn.randint(20, 60),
            cores=(size // 2,) * 2 if seed % 3 == 0 else (),
            devices=(Device("GPU0", "gpu", drawn.choice(["", "t4"]), drawn.random() < 0.3, 10_000, 2500),)
            if drawn.random() < 0.4
            else (),
            labels=(("zone", drawn.choice("ab")), ("disk", drawn.choice(["ssd", "hdd"]))),
            taints=(NodeTaint("lab", "", "NoSchedule"),) if drawn.random() < 0.2 else (),
        )
        for number in range(drawn.randint(2, 3))
    )

    def demand(name: str, replicas: int) -> Demand:
        cpu = step * drawn.randint(1, 5) + drawn.choice([0, least // 2])
        return Demand(
            f"service/p:{name}", f"replica/p:{name}", name, "p", name, "", replicas,
            Resources(
                cpu=cpu,
                rss=memory * drawn.randint(3, 25),
                cores=(max(1, cpu // 2),) if seed % 3 == 0 and drawn.random() < 0.5 else (),
                devices=(DeviceRequest("gpu", share=drawn.choice([2000, 6000, 8000])),) if drawn.random() < 0.3 else (),
            ),
            priority=drawn.choice([0, 0, 2]),
            selector=(("disk", "ssd"),) if drawn.random() < 0.2 else (),
            tolerations=(TolerationRule("lab", "Exists"),) if drawn.random() < 0.3 else (),
            spread=(SpreadRule(drawn.choice(["zone", "node"]), 1),) if drawn.random() < 0.3 else (),
            ports=(PortRequest("http", "TCP", 8080),) if drawn.random() < 0.25 else (),
            avoid=(AffinityRule(("service/p:a",), "node"),) if name != "a" and drawn.random() < 0.2 else (),
        )  # fmt: skip

    demands = tuple(demand(name, drawn.randint(1, 2)) for name in "abcd"[: drawn.randint(2, 4)])
    strategy = "portfolio" if seed % 2 else "best-fit"
    return Problem("s", nodes, demands, settings=Settings(strategy=strategy, iterations=40))


@dataclass(frozen=True)
class Judge:
    """Tries edits on a problem by planning again, and by setting the replica on the node beside all others."""

    problem: Problem
    found: Plan
    answer: WhyNot

    def suffices(self, edits: str) -> bool:
        """Checks whether edits give the replica a node, or a place on the node with all others in theirs."""
        problem = apply_edits(self.problem, parse_edits(edits))
        after = plan(problem, self.found, explain=False)
        if self._waiting(after) - self._waiting(self.found):
            return False
        name = self.answer.workload
        if self._waiting(self.found)[name]:
            if self._waiting(after)[name] >= self._waiting(self.found)[name]:
                return False
            return self._there(after) > self._there(self.found) or self._stays(problem)
        return self._stays(problem)

    def _stays(self, problem: Problem) -> bool:
        """Checks whether the replica stays on the node, and all others where they are, when planned with it there."""
        name, node = self.answer.workload, self.answer.node
        demand = next(demand for demand in problem.demands if demand.workload == name)
        elsewhere = [item for item in self.found.placements if item.workload == name and item.node != node]
        mine = [item for item in self.found.placements if item.workload == name]
        waiting = [item.replica for item in self.found.unplaced if item.workload == name]
        replica = waiting[0] if waiting else elsewhere[-1].replica if elsewhere else f"{demand.replica}/{len(mine)}"
        index = int(replica.rpartition("/")[2])
        more = replace(demand, replicas=max(demand.replicas, index + 1))
        demands = tuple(more if other is demand else other for other in problem.demands)
        again_of = replace(problem, demands=demands, settings=replace(problem.settings, max_moves=0))
        others = [item for item in self.found.placements if item.replica != replica]
        new = Placement(replica, f"{demand.slug}-{index}", name, "p", demand.service, "", index, node, "")
        moved = next((item for item in mine if item.replica == replica), new)
        moved = structs.replace(moved, node=node, ports=())
        before = replace(self.found, placements=(*others, moved), problem=None)
        again = plan(again_of, before, explain=False)
        places = {item.replica: item.node for item in again.placements}
        kept = all(places.get(item.replica) == item.node for item in others)
        return kept and places.get(replica) == node and not verify(again_of, again)

    def _there(self, plan_: Plan) -> int:
        return sum((item.workload, item.node) == (self.answer.workload, self.answer.node) for item in plan_.placements)

    @staticmethod
    def _waiting(plan_: Plan) -> Counter[str]:
        return Counter(item.workload for item in plan_.unplaced)


def values_between(problem: Problem, fix: Fix) -> list[str]:
    """Returns smaller edits of the same field: values between the present one and that of the fix."""
    edit = parse_edits(fix.what_if)[0]
    kind, name, field = edit.kind, edit.name, edit.field
    if kind == "node" and field in ("cpu", "rss"):
        present = getattr(next(node for node in problem.nodes if node.name == name), field)
    elif kind == "service" and field in ("cpu", "rss", "priority"):
        demand = next(demand for demand in problem.demands if demand.service == name)
        present = demand.priority if field == "priority" else getattr(demand.resources, field)
    else:
        return []
    reader = {"cpu": lambda text: int(Fraction(text[:-1]) if text.endswith("m") else Fraction(text) * 1000)}
    value = reader.get(field, lambda text: _number(text))(edit.value)
    step = 1 if value > present else -1
    inside = range(present + step, value, step)
    chosen = {inside[position * (len(inside) - 1) // (TRIED - 1)] for position in range(TRIED)} if inside else set()
    suffix = "m" if field == "cpu" else ""
    return [f"{kind}/{name}.{field}={number}{suffix}" for number in sorted(chosen)]


def _number(text: str) -> int:
    for suffix, size in (("Gi", 2**30), ("Mi", MI), ("Ki", KI)):
        if text.endswith(suffix):
            return int(text.removesuffix(suffix)) * size
    return int(text)


def judged(seed: int) -> Counter[str]:
    """Judges all answers about one problem; returns how many there were of each kind."""
    problem = drawn_problem(seed)
    found = plan(problem)
    assert verify(problem, found) == ()
    kinds: Counter[str] = Counter()
    for demand, node in product(problem.demands, problem.nodes):
        for answer in why_not(problem, found, demand.service, node.name):
            judge, where = Judge(problem, found, answer), (seed, demand.service, node.name)
            if not answer.rule:
                continue
            assert bool(answer.no_fix) != bool(answer.fixes), where
            kinds["no fix"] += bool(answer.no_fix)
            drastic = [fix.drastic for fix in answer.fixes]
            assert all(drastic) or not any(drastic), where
            fields = [
                sorted(part.rpartition("=")[0].rstrip("+") for part in fix.what_if.split(",")) for fix in answer.fixes
            ]
            assert len({tuple(names) for names in fields}) == len(fields), where
            for fix in answer.fixes:
                kinds["fix"] += 1
                assert judge.suffices(fix.what_if), (*where, fix)
                if fix.smallest:
                    kinds["smallest"] += 1
                    smaller = [edit for edit in values_between(problem, fix) if judge.suffices(edit)]
                    assert not smaller, (*where, fix, smaller)
    return kinds


@pytest.mark.parametrize("seeds", [(8, 14), (10, 20), (18, 22), (9, 21)])
def test_every_answer_holds_and_what_is_called_smallest_is(seeds: tuple[int, int]) -> None:
    kinds: Counter[str] = Counter()
    for seed in seeds:
        kinds += judged(seed)
    assert kinds["fix"] > 3
    assert kinds["smallest"]
