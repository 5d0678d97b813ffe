"""Numbers of replicas that nodes decide, checked again: those that do not agree with the nodes are told."""

from dataclasses import replace

from rohe_iac.planning.model.demand import Demand, SpreadRule
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.statements.node_counts import node_count_faults


def posed(*status: str, share: int = 10_000, replicas: int = 0, indices: tuple[int, ...] = ()) -> Problem:
    nodes = tuple(Supply(f"bus-{number}", 1000, 1 << 30, status=word) for number, word in enumerate(status))
    demand = Demand(
        "service/b:c", "replica/b:c", "c", "b", "c", "", replicas, node_share=share, indices=indices,
        spread=(SpreadRule("node", 1),),
    )  # fmt: skip
    return Problem("city", nodes, (demand,))


def messages(problem: Problem) -> list[str]:
    return [fault.message for fault in node_count_faults(problem)]


def test_the_number_is_that_of_the_suitable_nodes():
    assert messages(posed("running", "running", "down", replicas=2)) == []
    expected = ["has 3 replicas for 100% of 2 suitable nodes"]
    assert messages(posed("running", "running", "down", replicas=3)) == expected
    assert messages(posed("running", "running", "running", share=5_000, replicas=2)) == []
    assert messages(posed("running", "running", "running", share=5_000, replicas=1)) != []


def test_a_cordoned_node_may_count():
    assert (
        messages(posed("running", "cordoned", replicas=1)) == messages(posed("running", "cordoned", replicas=2)) == []
    )
    expected = ["has 0 replicas for 100% of 1 suitable node and 1 cordoned"]
    assert messages(posed("running", "cordoned")) == expected


def test_a_node_without_a_label_that_a_rule_needs_does_not_count():
    problem = posed("running", replicas=0)
    by_zone = replace(problem.demands[0], spread=(SpreadRule("zone", 1),))
    assert messages(replace(problem, demands=(by_zone,))) == []


def test_indices_are_as_many_as_replicas_and_differ():
    assert messages(posed("running", "running", replicas=2, indices=(0, 3))) == []
    assert messages(posed("running", "running", replicas=2, indices=(1, 1))) == [
        "2 replicas have 2 indices, and 1 differ"
    ]
