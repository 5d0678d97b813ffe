"""What why-not suggests, applied, places; and nothing smaller of one or two fields would."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path

import pytest
from drawing import generator
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as some
from msgspec import structs
from plan_samples import problems

from rohe_iac.planning.model.demand import AffinityRule, Demand, DeviceRequest, Resources
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Device, NodeTaint, Supply
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.why_not import WhyNot, why_not
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.plan import make_plan

MILLION = 1_000_000
EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/rohe.yaml"))


def applied(problem: Problem, found: Plan, answer: WhyNot) -> int:
    """Makes every suggestion as what-if does and plans again; says how many there were."""

    def waiting(one: Plan) -> Counter[str]:
        return Counter(item.workload for item in one.unplaced)

    def there(one: Plan) -> int:
        return sum(item.workload == answer.workload and item.node == answer.node for item in one.placements)

    for fix in answer.fixes:
        edits = parse_edits(fix.what_if)
        assert 1 <= len({(edit.kind, edit.name, edit.field) for edit in edits}) == len(edits) == len(fix.edits) <= 2
        edited = apply_edits(problem, edits)
        after = plan(edited, found)
        assert verify(edited, after) == (), fix
        assert not waiting(after) - waiting(found), fix
        if waiting(found)[answer.workload]:
            assert waiting(after)[answer.workload] < waiting(found)[answer.workload], fix
            continue
        # All have a place: the last that is elsewhere can move there, or one more has a place too.
        mine = [item for item in found.placements if item.workload == answer.workload and item.node != answer.node]
        if not mine:
            more = apply_edits(edited, parse_edits(f"service/{answer.workload.partition('/')[2]}.replicas+=1"))
            assert not waiting(plan(more, found))[answer.workload], fix
            continue
        moved = [structs.replace(item, node=answer.node) if item == mine[-1] else item for item in found.placements]
        kept = replace(edited, settings=replace(edited.settings, max_moves=0))
        again = plan(kept, replace(found, placements=tuple(moved)))
        assert there(again) > there(found), fix
        assert verify(kept, again) == (), fix
    return len(answer.fixes)


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.soak)], ids=["a third", "all"])
@pytest.mark.parametrize(
    "folder",
    # The pipeline and the nodes of examples/k3s are those of examples/digits.
    [pytest.param(folder, marks=pytest.mark.soak if folder.name == "k3s" else ()) for folder in EXAMPLES],
    ids=lambda folder: folder.name,
)
def test_what_is_suggested_for_the_examples_places(folder: Path, step: int) -> None:
    planned = make_plan(folder).planfile
    problem, found = planned.problem, planned.plan
    suggested = 0
    # A search takes its time: of its plans fewer questions are asked.
    asked = list(product([node.name for node in problem.nodes[:8]], problem.demands))
    for name, demand in asked[:: step * (9 if problem.settings.strategy == "portfolio" else 1)]:
        for answer in why_not(problem, found, demand.workload.partition("/")[2], name, most=2):
            assert bool(answer.rule) or not answer.fixes
            assert [fix.change for fix in answer.fixes] == sorted(fix.change for fix in answer.fixes)
            suggested += applied(problem, found, answer)
    assert suggested


@settings(max_examples=10, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(problems(), some.data())
def test_what_is_suggested_for_drawn_problems_places(problem: Problem, data: some.DataObject) -> None:
    problem = replace(problem, settings=replace(problem.settings, strategy="best-fit"))
    found = plan(problem)
    # A service of no replicas has none that an edit could place.
    asked = [demand for demand in problem.demands if demand.replicas] or [None]
    demand, node = data.draw(some.sampled_from(asked)), data.draw(some.sampled_from(problem.nodes))
    assume(demand is not None)
    for answer in why_not(problem, found, demand.service, node.name):
        applied(problem, found, answer)


def smallest(there: int, asked: tuple[int, int], offered: tuple[int, int], used: tuple[int, int]) -> Fraction | None:
    """The smallest change of one or two of the four fields with which one more fits, by trying all of them."""
    fields = (*asked, *offered)
    best: Fraction | None = None
    for pair in combinations(range(4), 2):
        # A request goes down to no less than a tenth, a capacity up to what holds all as they ask now.
        ways = [
            range(-(-fields[one] // 10), fields[one] + 1)
            if one < 2
            else range(fields[one], max(fields[one], used[one - 2] + (there + 1) * asked[one - 2]) + 1)
            for one in pair
        ]
        for values in product(*ways):
            made = list(fields)
            for one, value in zip(pair, values, strict=True):
                made[one] = value
            if all(used[i] + (there + 1) * made[i] <= made[2 + i] for i in range(2)):
                change = sum((Fraction(abs(made[one] - fields[one]), fields[one]) for one in pair), Fraction(0))
                best = change if best is None else min(best, change)
    return best


@settings(max_examples=100, deadline=None)
@given(*[some.integers(1, 12)] * 4, *[some.integers(0, 8)] * 2, some.integers(0, 2))
def test_what_is_suggested_first_is_the_smallest_change_of_one_or_two_fields(
    cpu: int, rss: int, cpus: int, bytes_: int, cpu_used: int, rss_used: int, there: int
) -> None:
    node = Supply("n", cpus, bytes_, cpu_used=cpu_used, rss_used=rss_used)
    wanted = Demand("service/p:d", "replica/p:d", "d", "p", "d", "", there + 1, Resources(cpu=cpu, rss=rss))
    problem = Problem("s", (node,), (wanted,), settings=Settings(strategy="best-fit"))
    found = plan(problem)
    assume(Counter(item.node for item in found.placements)["n"] == there)
    (answer,) = why_not(problem, found, "d", "n")
    best = smallest(there, (cpu, rss), (cpus, bytes_), (cpu_used, rss_used))
    assert best is not None
    assert answer.rule
    assert answer.fixes
    # Changes are told in millionths, rounded down for each field.
    assert abs(answer.fixes[0].change - best * MILLION) <= 2
    assert applied(problem, found, answer) == len(answer.fixes)


def crowded(seed: int) -> Problem:
    """A few services that compete for two or three small nodes."""
    drawn = generator(seed)
    nodes = tuple(Supply(f"n{number}", drawn.randint(2, 8), 100) for number in range(drawn.randint(2, 3)))
    demands = tuple(
        Demand(
            f"service/p:{name}", f"replica/p:{name}", name, "p", name, "", 1,
            Resources(cpu=drawn.randint(1, 5)), priority=drawn.choice([0, 0, 1, 2]),
        )
        for name in "abcd"
    )  # fmt: skip
    return Problem("s", nodes, demands, settings=Settings(strategy="best-fit", iterations=0))


def least_of_all(problem: Problem, found: Plan, wanted: Demand, node: str, below: int) -> int:
    """The smallest change of one or two fields with which the service has a place there, by trying all below one."""
    size, room = wanted.resources.cpu, next(one.cpu for one in problem.nodes if one.name == node)
    name, high = f"service/{wanted.service}", max(one.priority for one in problem.demands) + 1
    fields = [
        [(f"{name}.cpu={to}m", (size - to) * MILLION // size) for to in range(1, size)],
        [(f"node/{node}.cpu={to}m", (to - room) * MILLION // room) for to in range(room + 1, 3 * room)],
        [
            (f"{name}.priority={to}", (to - wanted.priority) * MILLION // max(wanted.priority, 1))
            for to in range(wanted.priority + 1, high + 1)
        ],
    ]
    singles = [(change, edit) for ways in fields for edit, change in ways]
    pairs = [
        (change + more, f"{edit},{other}")
        for one, two in combinations(fields, 2)
        for (edit, change), (other, more) in product(one, two)
    ]
    had = {item.workload for item in found.unplaced}
    for change, text in sorted([*singles, *pairs]):
        if change >= below:
            break
        edited = apply_edits(problem, parse_edits(text))
        plans = [plan(edited, found, explain=False), plan(edited, explain=False)]
        lacks = [{item.workload for item in one.unplaced} for one in plans]
        there = any(item.workload == wanted.workload and item.node == node for item in plans[0].placements)
        if there and all(lack <= had - {wanted.workload} for lack in lacks):
            return change
    return below


def test_nothing_smaller_lets_a_service_on_that_others_keep_off() -> None:
    asked = 0
    for seed in range(60):
        problem = crowded(seed)
        found = plan(problem)
        for wanted in problem.demands:
            for node in problem.nodes if any(item.workload == wanted.workload for item in found.unplaced) else ():
                (answer,) = why_not(problem, found, wanted.service, node.name)
                change = answer.fixes[0].change
                assert least_of_all(problem, found, wanted, node.name, change) == change, (seed, wanted.service, node)
                assert applied(problem, found, answer) == len(answer.fixes)
                asked += 1
    assert asked > 50


def scarce(seed: int) -> Problem:
    """Services that ask for devices of a model, or near and away from each other, on nodes that lack them."""
    drawn = generator(seed)
    nodes = tuple(
        Supply(
            f"n{number}", drawn.choice([1, 2000]), 1, cores=(1000,) * drawn.randint(0, 2),
            devices=tuple(
                Device(f"GPU{i}", "gpu", drawn.choice("xyz"), drawn.random() < 0.5, 10_000, drawn.choice([0, 9000]))
                for i in range(drawn.randint(0, 2))
            ),
            labels=drawn.choice([(), (("zone", "a"),)]), arch=drawn.choice(["", "amd64"]),
            taints=drawn.choice([(), (NodeTaint("lan"),)]),
        )
        for number in range(drawn.randint(1, 2))
    )  # fmt: skip
    others = ("service/p:a", "service/p:b", "service/p:c")
    rules = [
        (),
        (AffinityRule(others[:2], "node"),),
        (AffinityRule(others, "zone"),),
        (AffinityRule(others[2:], "node"),),
    ]
    requests = [
        (), (DeviceRequest("gpu", count=1, models=("x",)),), (DeviceRequest("gpu", count=2, models=("x", "y")),),
        (DeviceRequest("gpu", share=4000, models=("x",)),), (DeviceRequest("gpu", share=20_000, models=("y",)),),
    ]  # fmt: skip
    demands = tuple(
        Demand(
            f"service/p:{name}", f"replica/p:{name}", name, "p", name, "", drawn.randint(1, 2),
            Resources(
                cpu=drawn.choice([0, 3000]), cores=drawn.choice([(), (500, 500), (1500,)]),
                devices=drawn.choice(requests),
            ),
            avoid=drawn.choice(rules), near=drawn.choice(rules), arch=drawn.choice([(), ("arm64",)]),
        )
        for name in "abc"
    )  # fmt: skip
    return Problem("s", nodes, demands, settings=Settings(strategy="best-fit", iterations=0))


@pytest.mark.parametrize("seed", range(40))
def test_no_suggestion_has_an_edit_that_another_of_its_edits_makes_void(seed: int) -> None:
    problem = scarce(seed)
    found = plan(problem)
    for demand, node in product(problem.demands, problem.nodes):
        for answer in why_not(problem, found, demand.service, node.name):
            for fix in answer.fixes:
                edits = parse_edits(fix.what_if)
                edited = apply_edits(problem, edits)
                for edit in edits:
                    rest = [other for other in edits if other != edit]
                    assert apply_edits(problem, rest) != edited, fix


def test_a_service_that_asks_for_devices_of_a_model_is_answered() -> None:
    """Where no edit of two fields suffices all pairs are tried, also those of which one edit makes the other void."""
    wanted = Resources(devices=(DeviceRequest("gpu", count=1, models=("x",)),))
    demand = Demand("service/p:d", "replica/p:d", "d", "p", "d", "", 1, wanted, arch=("arm64",))
    node = Supply("n", 1, 1, arch="amd64", taints=(NodeTaint("lan"),))
    problem = Problem("s", (node,), (demand,), settings=Settings(strategy="best-fit"))
    (answer,) = why_not(problem, plan(problem), "d", "n")
    assert answer.rule
    assert answer.fixes == ()
