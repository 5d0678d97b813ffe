"""A decision is a grant that says why."""

from __future__ import annotations

from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.solvers.construction.decision import Decision


def test_a_decision_has_the_amounts_of_its_grant() -> None:
    grant = Grant(3, 7, cores=((1, 500),), devices=((0, 2500),), wires=((2, 100),))
    decision = Decision.of(grant, 4, 90, (50, 40), 8, 70, 12, kept=True)
    assert (decision.demand, decision.node, decision.cores, decision.devices, decision.wires) == (
        grant.demand, grant.node, grant.cores, grant.devices, grant.wires,
    )  # fmt: skip
    assert (decision.index, decision.score, decision.parts, decision.fits) == (4, 90, (50, 40), 12)
    assert (decision.runner_up, decision.runner_up_score) == (8, 70)
    assert (decision.kept, decision.searched) == (True, False)
