"""Services with one replica on each suitable node: counts, indices, and plans as nodes come and go."""

from dataclasses import replace

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.from_blueprint.node_counts import (
    first_free_index,
    with_node_counts,
    with_replica,
    without_node_count,
)
from rohe_iac.planning.model.demand import Demand, Resources, SpreadRule
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import NodeTaint, Supply
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.resilience.failure_audit import audit
from rohe_iac.planning.verification.verify import verify

BUS = (("role", "bus"),)


def bus(number: int, status: str = "running", **fields: object) -> Supply:
    return replace(
        Supply(f"bus-{number}", 1000, 1 << 30, labels=BUS, cores=(1000,), status=status),
        **fields,  # type: ignore[arg-type]
    )


def camera(share: int = 10_000, name: str = "camera", cpu: int = 200) -> Demand:
    address = f"service/buses:{name}"
    return Demand(
        address, f"replica/buses:{name}", name, "buses", name, "", 1, Resources(cpu=cpu, rss=1 << 20),
        node_share=share, selector=BUS, spread=(SpreadRule("node", 1),) if share else (),
    )  # fmt: skip


def problem(nodes: list[Supply], *demands: Demand, strategy: str = "portfolio", **settings: int) -> Problem:
    return Problem("city", tuple(nodes), demands or (camera(),), settings=Settings(strategy=strategy, **settings))


def planned(posed: Problem, previous: Plan | None = None) -> tuple[Problem, Plan]:
    """Returns the counted problem and its plan, which holds by every constraint."""
    counted = with_node_counts(posed, previous)
    found = plan(counted, previous)
    assert verify(counted, found) == ()
    return counted, found


def places(found: Plan, name: str = "camera") -> dict[int, str]:
    return {item.index: item.node for item in found.placements if item.service == name}


def test_each_suitable_node_has_one():
    nodes = [
        bus(1),
        bus(2),
        bus(3, taints=(NodeTaint("repair"),)),
        bus(4, "down"),
        bus(5, "cordoned"),
        bus(6, labels=()),
    ]
    counted, found = planned(problem(nodes))
    assert counted.demands[0].note == "perNode: 2 nodes"
    assert sorted(places(found).values()) == ["bus-1", "bus-2"]


@pytest.mark.parametrize("strategy", ["portfolio", "best-fit", "first-fit", "exact"])
def test_a_node_that_goes_takes_its_replica_and_no_other_changes(strategy):
    _, before = planned(problem([bus(number) for number in range(1, 6)], strategy=strategy))
    gone = places(before)[1]
    nodes = [bus(number, "down" if f"bus-{number}" == gone else "running") for number in range(1, 6)]
    _, after = planned(problem(nodes, strategy=strategy), before)
    assert places(after) == {index: node for index, node in places(before).items() if index != 1}
    assert after.unplaced == ()
    # A node that is added gets an index that no other had before.
    _, later = planned(problem([*nodes, bus(9)], strategy=strategy), before)
    assert places(later) == {**places(after), 5: "bus-9"}
    # Back again, it gets the lowest index that is free.
    _, back = planned(problem([bus(number) for number in range(1, 6)], strategy=strategy), after)
    assert places(back) == places(before)


def test_no_node_is_no_replica_and_no_fault():
    _, found = planned(problem([bus(1, "down")]))
    assert (found.placements, found.unplaced) == ((), ())


def test_a_cordoned_node_keeps_its_replica_and_takes_none():
    _, before = planned(problem([bus(1), bus(2)]))
    _, after = planned(problem([bus(1, "cordoned"), bus(2), bus(3, "cordoned")]), before)
    assert places(after) == {**places(before)}


def test_a_part_of_the_nodes_is_rounded_up_and_keeps_its_nodes():
    nodes = [bus(number) for number in range(1, 11)]
    _, before = planned(problem(nodes, camera(2_500)))
    assert sorted(places(before)) == [0, 1, 2]
    kept = places(before)
    left = [node for node in nodes if node.name != kept[0]]
    _, after = planned(problem(left, camera(2_500)), before)
    assert {index: places(after)[index] for index in (1, 2)} == {1: kept[1], 2: kept[2]}
    assert set(places(after)) == {1, 2, 3}


@pytest.mark.parametrize("strategy", ["portfolio", "best-fit", "first-fit", "worst-fit"])
def test_services_that_may_be_elsewhere_make_way(strategy):
    big = Demand(
        "service/buses:big", "replica/buses:big", "big", "buses", "big", "", 4, Resources(cpu=900, rss=1 << 20),
    )  # fmt: skip
    office = Supply("office", 4000, 1 << 30, cores=(1000,) * 4)
    _, found = planned(problem([bus(1), bus(2), office], big, camera(), strategy=strategy))
    assert found.unplaced == ()
    assert {item.node for item in found.placements if item.service == "big"} == {"office"}


def test_a_node_without_room_leaves_its_replica_without_a_node():
    _, found = planned(problem([bus(1), bus(2, cpu_used=900)]))
    assert [item.workload for item in found.unplaced] == ["service/buses:camera"]


def test_the_loss_of_a_node_is_no_loss_of_a_replica():
    counted, found = planned(problem([bus(1), bus(2), bus(3)], survive=1))
    assert found.losses == ()
    assert all(impact.survived for impact in audit(counted, found))
    counted, found = planned(problem([bus(1), bus(2), bus(3)], camera(5_000), survive=1))
    assert all(impact.survived for impact in audit(counted, found))


def test_why_not_counts_the_node_that_an_edit_makes_suitable():
    counted, found = planned(problem([bus(1), bus(2, labels=())]))
    (answer,) = why_not(counted, found, "camera", "bus-2")
    assert answer.rule == "labels"
    assert any("node/bus-2.labels.role=bus" in fix.what_if for fix in answer.fixes)
    (answer,) = why_not(counted, found, "camera", "bus-1")
    assert (answer.rule, answer.there) == ("spread", 1)


def test_indices_have_gaps_only_where_a_node_went():
    demand = replace(camera(), replicas=3, indices=(0, 2, 3))
    assert first_free_index(demand) == 1
    assert with_replica(demand, 1).indices == ()
    assert with_replica(demand, 2) == demand
    assert with_replica(replace(demand, node_share=0, indices=()), 4).replicas == 5
    assert without_node_count(demand).replica_indices == range(3)


@pytest.mark.parametrize(("written", "count"), [("perNode", 4), ("100%", 4), ("30%", 2), ("25%", 1), ("3", 3)])
def test_an_edit_of_replicas_takes_what_a_blueprint_takes(written: str, count: int) -> None:
    for share in (0, 5_000):
        before = problem([bus(number) for number in range(4)], camera(share))
        edited = with_node_counts(apply_edits(before, parse_edits(f"service/camera.replicas={written}")))
        found = plan(edited)
        assert len(found.placements) == count
        assert not found.unplaced
        if written != "3":
            assert len({item.node for item in found.placements}) == count


@pytest.mark.parametrize("written", ["0%", "101%", "x%", "pernode"])
def test_an_edit_to_no_number_of_replicas_is_refused(written: str) -> None:
    with pytest.raises(UsageError):
        apply_edits(problem([bus(1)], camera()), parse_edits(f"service/camera.replicas={written}"))
