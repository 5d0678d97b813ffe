"""Scores of plug-in scorers, as weighted integers."""

from __future__ import annotations

from rohe_iac.planning.model.plugins.calling import points_given
from rohe_iac.planning.placement.state.candidate import candidate_on
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Ledger


def own_points(layout: Layout, ledger: Ledger, demand: int, node: int) -> list[int]:
    """What each plugged scorer gives the node, in millionths, unweighted."""
    candidate = candidate_on(layout, ledger, demand, node)
    return [points_given(one, candidate) for one in layout.extensions.scorers]
