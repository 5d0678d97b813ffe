"""What a plan says that replicas move for: right as it was made, and one altered number of it is a fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Gain, Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.solvers.defragmentation import defragmenting
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.statements.gain import gain_faults
from rohe_iac.planning.verification.verify import verify

MI = 2**20
SPREAD = Problem(
    "s",
    tuple(Supply(f"n{number}", 4000, 4096 * MI) for number in range(4)),
    (Demand("service/p:a", "replica/p:a", "a", "p", "a", "", 4, Resources(900, rss=64 * MI)),),
    settings=Settings(strategy="worst-fit"),
)
PROBLEM = defragmenting(SPREAD, NO_PLUGINS)[0]
FOUND = plan(PROBLEM, plan(SPREAD))
GAIN = Gain(3, "nodes", 4, 1)


def test_the_gain_of_moves_that_free_nodes_holds() -> None:
    assert (FOUND.gain, verify(PROBLEM, FOUND)) == (GAIN, ())


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (replace(GAIN, moves=4), "4 replicas move that could stay, and 3 move at all"),
        (replace(GAIN, moves=0), "0 replicas move that could stay, and 3 move at all"),
        (replace(GAIN, term="cost"), "cost is no term of the objective placed, nodes, stable"),
        (replace(GAIN, term="stable"), "stable is no term"),
        (replace(GAIN, after=2), "nodes is 1 in the plan, not 2"),
        (replace(GAIN, before=1), "nodes goes from 1 to 1, which is no gain"),
        (Gain(3, "placed", 3, 5), "placed is 4 in the plan, not 5"),
        (Gain(3, "wishes", 1, 1), "wishes goes from 1 to 1, which is no gain"),
    ],
)
def test_an_altered_gain_is_a_fault(gain: Gain, words: str) -> None:
    altered: Plan = replace(FOUND, gain=gain)
    assert [fault for fault in gain_faults(PROBLEM, altered) if words in fault.message]
    assert verify(PROBLEM, altered)
