"""The rules about one amount each: what fits exactly, what is missing, and the same as arrays."""

from __future__ import annotations

from typing import Any

import pytest
from drawing import generator

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.placement.rules.resources import AMOUNT_RULES, CPU, RSS, VMS, AmountRule, missing_part
from rohe_iac.planning.placement.state.index import IndexedProblem

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
