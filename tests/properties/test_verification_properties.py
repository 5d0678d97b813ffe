from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from msgspec import structs
from plan_samples import problems

from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.rules.filters import refusal_to_stay
from rohe_iac.planning.placement.state.from_plan import ledger_of
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

quick = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def altered(draw: Any, problem: Problem, item: Placement) -> Placement:
    """One thing of a placement changed: its node, a core, a device, an amount or a port."""
    ways = ["node", "index", "workload"]
    ways += [way for way, there in (("core", item.cores), ("device", item.devices), ("port", item.ports)) if there]
    way = draw(some.sampled_from(ways))
    if way == "node":
        return structs.replace(item, node=draw(some.sampled_from([node.name for node in problem.nodes] + ["nowhere"])))
    if way == "index":
        return structs.replace(item, index=item.index + draw(some.sampled_from([-1, 1, 9])))
    if way == "workload":
        return structs.replace(
            item, workload=draw(some.sampled_from([one.workload for one in problem.demands] + ["nobody"]))
        )
    if way == "port":
        first = structs.replace(item.ports[0], number=item.ports[0].number + draw(some.sampled_from([-1, 1, 7])))
        return structs.replace(item, ports=(first, *item.ports[1:]))
    if way == "core":
        use = item.cores[0]
        others: list[dict[str, int]] = [{"core": use.core + 1}, {"core": -1}, {"amount": use.amount - 1}]
        use = structs.replace(use, **draw(some.sampled_from(others)))
        return structs.replace(item, cores=draw(some.sampled_from([(use, *item.cores[1:]), item.cores[1:]])))
    device = item.devices[0]
    devices: list[dict[str, Any]] = [{"device": "GPU9"}, {"amount": device.amount - 1}]
    device = structs.replace(device, **draw(some.sampled_from(devices)))
    return structs.replace(item, devices=draw(some.sampled_from([(device, *item.devices[1:]), ()])))


def stands(problem: Problem, found: Plan, item: Placement) -> bool:
    """Whether the planner's own ledger and rules would let a placement stay where it is, beside all the others."""
    indexed, ledger = ledger_of(problem, found)
    demand, node = indexed.index[item.workload], indexed.node_index[item.node]
    names = {device.name: number for number, device in enumerate(indexed.nodes[node].devices)}
    cores = tuple((use.core, use.amount) for use in item.cores)
    devices = tuple((names[use.device], use.amount) for use in item.devices)
    overfull = lowest([*ledger.cpu, *ledger.rss, *map(lowest, ledger.cores), *map(lowest, ledger.devices)]) < 0
    ledger.release(Grant(demand, node, cores, devices))
    rule = refusal_to_stay(indexed, ledger, demand, node)
    return not overfull and rule in ("", "bandwidth", "ports")


def lowest(row: Any) -> int:
    return min(row, default=0)


@quick
@given(problems(), some.data())
def test_what_verify_lets_pass_the_planner_would_let_stay(problem: Problem, data: Any) -> None:
    found = plan(problem, explain=False)
    if not found.placements:
        return
    position = data.draw(some.integers(0, len(found.placements) - 1))
    changed = altered(data.draw, problem, found.placements[position])
    placements = (*found.placements[:position], changed, *found.placements[position + 1 :])
    other = replace(found, placements=placements)
    if changed == found.placements[position]:
        assert verify(problem, other) == ()
    elif changed.index != found.placements[position].index or changed.workload != found.placements[position].workload:
        assert verify(problem, other) != ()
    elif verify(problem, other) == ():
        assert stands(problem, other, changed), changed


@quick
@given(problems(), some.sampled_from(["nodes_used", "at_least", "proven", "arguments"]), some.sampled_from([-1, 1, 5]))
def test_a_bound_that_was_changed_is_refused(problem: Problem, field: str, by: int) -> None:
    found = plan(problem, explain=False)
    if not found.placements:
        return
    value: Any = {
        "nodes_used": found.bound.nodes_used + by,
        "at_least": found.bound.at_least + by,
        "proven": not found.bound.proven,
        "arguments": (*found.bound.arguments, "moon"),
    }[field]
    assert verify(problem, found) == ()
    assert verify(problem, replace(found, bound=replace(found.bound, **{field: value}))) != ()


@quick
@given(problems(), some.data())
def test_a_replica_left_out_or_told_twice_is_refused(problem: Problem, data: Any) -> None:
    found = plan(problem, explain=False)
    if not found.placements:
        return
    item = data.draw(some.sampled_from(found.placements))
    without = tuple(one for one in found.placements if one is not item)
    assert verify(problem, replace(found, placements=without)) != ()
    assert verify(problem, replace(found, placements=(*found.placements, item))) != ()
