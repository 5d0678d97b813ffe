"""Claims about what is free on one node as a value."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.placement.rules.filters import amounts_refusal
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.node_amounts import NodeAmounts

FREE = NodeAmounts(cpu=3000, rss=500, vms=UNLIMITED, cores=(1000, 600), devices=(10_000,))


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (Resources(cpu=3000, rss=500, cores=(1000, 600), vms=10**15), ""),
        (Resources(cpu=3001, rss=501), "cpu"),
        (Resources(cores=(700, 700)), "cores"),
        (Resources(cores=(1, 1, 1)), "cores"),
        (Resources(rss=501), "rss"),
    ],
)
def test_the_first_amount_that_is_too_little_refuses(asked: Resources, rule: str) -> None:
    assert FREE.refusal(asked) == rule


def test_virtual_memory_refuses_only_a_request_that_names_it() -> None:
    free = FREE._replace(vms=100)
    assert free.refusal(Resources(vms=101)) == "vms"
    assert free.refusal(Resources(vms=None)) == ""


def test_taking_leaves_the_rest_and_the_rows_that_were_dealt() -> None:
    after = FREE.take(Resources(cpu=1000, rss=200, cores=(600,)), (1000, 0), (4000,))
    assert after == (2000, 300, UNLIMITED, (1000, 0), (4000,), ())
    asked = Resources(disk=30, network=7)
    assert FREE._replace(extras=(100, 10)).take(asked, (), ()).extras == (70, 3)


def test_disk_and_network_refuse_only_requests_for_them() -> None:
    free = FREE._replace(extras=(100, -10))
    assert [free.refusal(Resources(disk=disk, network=network)) for disk, network in ((100, 0), (101, 1), (1, 1))] == [
        "", "disk", "network",
    ]  # fmt: skip


def test_a_value_says_of_a_node_what_the_ledger_says_until_it_is_full(world: Any) -> None:
    problem = world.problem(
        [world.node("n1", cores=(900, 800, 300))], [world.demand("a", 9, cpu=500, cores=(300, 200))]
    )
    indexed = IndexedProblem(problem)
    ledger, asked = Ledger(indexed), indexed.resources[0]
    taken = 0
    while not amounts_refusal(indexed, ledger, 0, 0):
        before = ledger.free(0)
        assert before.refusal(asked) == ""
        grant = ledger.take(0, 0)
        assert ledger.free(0) == before.take(asked, ledger.sorted_cores[0], ledger.devices[0])
        ledger.release(grant)
        assert ledger.free(0) == before
        ledger.book(grant)
        taken += 1
    assert taken
    assert ledger.free(0).refusal(asked) == amounts_refusal(indexed, ledger, 0, 0)
