"""The rules about one amount each: what fits exactly, what is missing, and the same as arrays."""

from __future__ import annotations

from typing import Any

import pytest
from drawing import generator

from rohe_iac.planning.model.demand import DeviceRequest, Resources
from rohe_iac.planning.placement.rules.filters import amounts_refusal
from rohe_iac.planning.placement.rules.resources import (
    AMOUNT_RULES,
    CPU,
    EXTRA_RULES,
    RSS,
    VMS,
    AmountRule,
    missing_part,
)
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

MI = 2**20


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (CPU, "cpu: needs 4100m, only 4000m is free"),
        (RSS, "memory.rss: needs 4.1Gi, only 4Gi is free"),
        (VMS, "memory.vms: needs 4.1Gi, only 4Gi is free"),
    ],
)
def test_an_amount_that_fits_exactly_passes_and_one_more_is_missing(world: Any, rule: AmountRule, words: str) -> None:
    free = (4000, 4096 * MI, 4096 * MI, (), ())
    exact, more = {"cpu": 4000, "rss": 4096 * MI, "vms": 4096 * MI}, {"cpu": 4100, "rss": 4196 * MI, "vms": 4196 * MI}
    demands = [
        world.demand("exact", **{rule.name: exact[rule.name]}),
        world.demand("more", **{rule.name: more[rule.name]}),
    ]
    indexed = IndexedProblem(world.problem([world.node("n1")], demands))
    assert [rule.lacks(indexed, 0, 0, free) for rule in AMOUNT_RULES] == [(), (), ()]
    ((said, part),) = rule.lacks(indexed, 1, 0, free)
    assert said == words
    assert part == missing_part(more[rule.name], exact[rule.name])


def test_virtual_memory_that_is_not_asked_for_is_not_checked(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n1")], [world.demand("d")]))
    assert VMS.asked(Resources()) is None
    assert VMS.lacks(indexed, 0, 0, (0, 0, -5, (), ())) == ()


def test_what_is_missing_is_counted_in_millionths_of_what_is_asked() -> None:
    assert [missing_part(400, 300), missing_part(400, 400), missing_part(400, -400)] == [250_000, 0, 2_000_000]
    assert missing_part(0, -3) == 3_000_000


def test_arrays_find_the_same_amounts_missing(world: Any, amounts_agreement: Any) -> None:
    found = set()
    for seed in range(6):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", drawn.choice([1000, 2000]), drawn.choice([1, 2]) * 512 * MI,
                            vms=drawn.choice([None, 1024 * MI]), cores=()) for i in range(4)]  # fmt: skip
        demands = [world.demand(name, 2, drawn.choice([0, 700, 1500]), drawn.choice([0, 400, 900]) * MI,
                                vms=drawn.choice([None, 900 * MI])) for name in "abc"]  # fmt: skip
        found |= set(amounts_agreement(world.problem(nodes, demands, vms_ratio=1_200_000), seed))
    assert {"", "cpu", "rss", "vms"} == found


GI, MBPS = 1024 * MI, 10**6


def test_disk_and_network_are_refused_with_what_is_free(world: Any) -> None:
    node = world.node("n1", disk=10 * GI, disk_used=7 * GI, network=100 * MBPS)
    demands = [world.demand("d", disk=4 * GI, network=20 * MBPS), world.demand("e", 3, network=40_500_000)]
    indexed = IndexedProblem(world.problem([node], demands))
    ledger = Ledger(indexed)
    assert ledger.extras == [(3 * GI, 100 * MBPS)]
    lacks = [rule.lacks(indexed, 0, 0, ledger.free(0)) for rule in EXTRA_RULES]
    assert lacks == [(("disk: needs 4Gi, only 3Gi is free", 250_000),), ()]
    grants = [ledger.take(1, 0), ledger.take(1, 0)]
    assert [rule.lacks(indexed, 1, 0, ledger.free(0)) for rule in EXTRA_RULES] == [
        (),
        (("network: needs 40.5Mbps, only 19Mbps is free", 530_864),),
    ]
    for grant in grants:
        ledger.release(grant)
    assert ledger.extras == Ledger(indexed).extras


def test_disk_and_network_are_not_checked_where_one_side_states_none(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2", disk=GI, disk_used=2 * GI)]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", disk=900 * GI), world.demand("e")]))
    ledger = Ledger(indexed)
    assert [amounts_refusal(indexed, ledger, demand, node) for demand in (0, 1) for node in (0, 1)] == [
        "", "disk", "", "",
    ]  # fmt: skip
    assert Ledger(IndexedProblem(world.problem(nodes, [world.demand("e")]))).extras == [(), ()]


def test_arrays_find_the_same_disk_and_network_missing(world: Any, amounts_agreement: Any) -> None:
    found = set()
    for seed in range(6):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", cores=(), disk=drawn.choice([None, 4 * GI, 9 * GI]),
                            network=drawn.choice([None, 50 * MBPS]), disk_used=drawn.choice([0, 5 * GI]),
                            devices=(world.gpu(memory=GI),)) for i in range(4)]  # fmt: skip
        demands = [world.demand(name, 2, drawn.choice([0, 2500]), disk=drawn.choice([0, 3 * GI]),
                                network=drawn.choice([0, 30 * MBPS]),
                                devices=drawn.choice([(), (DeviceRequest("gpu", share=1, memory=700 * MI),)]))
                   for name in "abc"]  # fmt: skip
        found |= set(amounts_agreement(world.problem(nodes, demands), seed))
    assert {"", "cpu", "disk", "network", "accelerators"} == found
