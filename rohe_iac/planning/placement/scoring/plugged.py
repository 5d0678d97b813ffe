"""Scores of plug-in scorers, as integers."""

from __future__ import annotations

from rohe_iac.planning.model.plugins.calling import ask_scorer
from rohe_iac.planning.placement.state.candidate import candidate_on
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def plugin_scores(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> list[int]:
    """Returns what each plugged scorer gives the node, in millionths, without its weight."""
    candidate = candidate_on(indexed, ledger, demand, node)
    return [ask_scorer(scorer, candidate) for scorer in indexed.plugins.scorers]
