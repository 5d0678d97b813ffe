"""What a plan says of itself: each part is right as it was made, and one altered word of it is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import Demand, DeviceRequest, Resources
from rohe_iac.planning.model.plan import Loss, Plan, RunnerUp
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.strategies import SCORERS
from rohe_iac.planning.model.supply import Device, Supply
from rohe_iac.planning.placement.rules.registry import RULE_NAMES
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.statements.losses import unplaceable_faults
from rohe_iac.planning.verification.statements.order import RULE_ORDER, order_faults
from rohe_iac.planning.verification.statements.room import lacks, room_of
from rohe_iac.planning.verification.statements.scores import SCORER_ORDER, score_faults
from rohe_iac.planning.verification.statements.shortages import shortage_faults
from rohe_iac.planning.verification.statements.suitable_nodes import suitable, suitable_node_faults

MI = 2**20
GPU = Device("GPU0", "gpu", "x", exclusive=False, capacity=10_000)
NODES = (
    Supply("n1", 2000, 1024 * MI),
    Supply("n2", 2000, 1024 * MI, devices=(GPU,)),
    Supply("n3", 2000, 1024 * MI, devices=(GPU,)),
)


def demand(name: str, replicas: int, cpu: int, share: int = 0) -> Demand:
    devices = (DeviceRequest("gpu", share=share),) if share else ()
    workload = f"service/p:{name}"
    return Demand(workload, f"replica/p:{name}", name, "p", name, "", replicas, Resources(cpu, devices=devices))


PROBLEM = Problem(
    "s", NODES, (demand("a", 2, 600, 4000), demand("b", 2, 700)), settings=Settings(strategy="best-fit", survive=1)
)
FOUND = plan(PROBLEM)

Check = Callable[[Problem, Plan], Iterator[Fault]]


def with_first(**changed: object) -> Plan:
    first, *rest = FOUND.placements
    return replace(FOUND, placements=(structs.replace(first, **changed), *rest))


def with_refusal(**changed: object) -> Plan:
    position = next(number for number, refusals in enumerate(FOUND.refusals) if refusals.closest)
    refusals = FOUND.refusals[position]
    other = structs.replace(refusals, closest=(structs.replace(refusals.closest[0], **changed), *refusals.closest[1:]))
    return replace(FOUND, refusals=(*FOUND.refusals[:position], other, *FOUND.refusals[position + 1 :]))


LOSSES = (Loss(FOUND.placements[0].node, ("replica/p:z/0",), ()),)


@pytest.mark.parametrize(
    ("check", "altered", "words"),
    [
        (order_faults, replace(FOUND, placements=FOUND.placements[::-1]), "the placements are not in order"),
        (order_faults, replace(FOUND, refusals=FOUND.refusals[::-1]), "the refusals are not in order"),
        (score_faults, with_first(parts=FOUND.placements[0].parts[:-1]), "scored by cpu, memory, accelerator"),
        (score_faults, with_first(parts=()), "points, and no part of them"),
        (score_faults, with_first(runner_up=RunnerUp("n1", 0)), "the next node would have been n1: empty, it lacks"),
        (suitable_node_faults, with_first(reason="tightest fit among 3 suitable nodes"), "and 2 have as much at all"),
        (shortage_faults, with_refusal(shortfall=7), "falls short by 7 millionths"),
        (shortage_faults, with_refusal(node="n2"), "and in the end it does not lack that much"),
        (unplaceable_faults, replace(FOUND, losses=LOSSES), "replica/p:z/0 is not placed"),
    ],
)
def test_an_altered_word_is_a_fault(check: Check, altered: Plan, words: str) -> None:
    assert list(check(PROBLEM, FOUND)) == []
    assert words in " ".join(fault.message for fault in check(PROBLEM, altered))


def test_a_lost_replica_that_fits_nowhere_else_has_to_be_listed() -> None:
    alone = Problem("s", NODES[:2], (demand("a", 1, 600, 4000),), settings=Settings(strategy="best-fit", survive=1))
    found = replace(plan(alone), spare="", losses=(Loss("n2", ("replica/p:a/0",), ()),))
    assert list(unplaceable_faults(alone, found)) == []
    assert [fault.message for fault in unplaceable_faults(alone, replace(found, losses=()))] == [
        "replica/p:a/0 fits on no other node, and is not listed"
    ]


def test_what_does_not_fit_into_a_room_is_in_the_words_of_plans() -> None:
    room = room_of(replace(NODES[1], cores=(1000, 500), cores_used=(300,)), (), 1_000_000)
    assert (room.cores, room.devices) == ((700, 500), ((GPU, 10_000, None),))
    request = Resources(2500, (900, 200), 2048 * MI, None, (DeviceRequest("gpu", count=2),))
    assert [(lack.rule, lack.words, lack.part) for lack in lacks(room, request)] == [
        ("cpu", "cpu: needs 2500m, only 2000m is free", 200_000),
        ("cores", "cores: needs 1100m on 2 distinct cores, 200m of it does not fit", 181_818),
        ("rss", "memory.rss: needs 2Gi, only 1Gi is free", 500_000),
        ("accelerators", "accelerators: needs 2 whole gpu devices, only 1 is idle", 500_000),
    ]


def test_the_orders_are_those_of_the_planner() -> None:
    """Verification repeats them; a rule or a scorer that is added has to be added here too."""
    assert RULE_ORDER == RULE_NAMES
    assert SCORER_ORDER == SCORERS


def test_the_number_of_suitable_nodes_is_read_from_the_reason() -> None:
    only = structs.replace(FOUND.placements[0], reason="the only suitable node")
    assert suitable(only) == 1
    assert suitable(structs.replace(only, reason="tightest fit among 12 suitable nodes")) == 12
    assert suitable(structs.replace(only, reason="stays where it was")) == 0
