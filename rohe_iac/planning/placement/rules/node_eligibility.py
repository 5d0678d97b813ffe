"""The rules `status`, `spare`, `labels`, `taints`, `architecture` and `gang`: they hold whatever is free on a node.

Which of them refuses a node is worked out once for each class of nodes (`IndexedProblem.static`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.eligibility import label_words, untolerated_taints
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.rule import Lack, NodeRule
from rohe_iac.planning.placement.state.amounts import Free
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def _status_words(demand: Demand, node: Supply) -> str:  # noqa: ARG001
    return f"status: the node is {node.status}"


def _spare_words(demand: Demand, node: Supply) -> str:  # noqa: ARG001
    return "spare: kept free for the replicas of a node that fails"


def _gang_words(demand: Demand, node: Supply) -> str:  # noqa: ARG001
    return f"gang: pipeline {demand.pipeline} is placed whole or not at all"


def _labels_words(demand: Demand, node: Supply) -> str:
    return f"labels: {label_words(demand, node)}"


def _taints_words(demand: Demand, node: Supply) -> str:
    taints = untolerated_taints(demand, node)
    named = [f"{taint.key}={taint.value}" if taint.value else taint.key for taint in taints]
    return f"taints: {', '.join(named)} not tolerated"


def _architecture_words(demand: Demand, node: Supply) -> str:
    return f"architecture: the node is {node.arch}, asked is {' or '.join(demand.arch)}"


def _eligibility(name: str, words: Callable[[Demand, Supply], str], *looks_at: str) -> NodeRule:
    """Returns the rule of the name; `words` says why it refuses a node to a demand."""

    def lacks(indexed: IndexedProblem, demand: DemandIndex, node: NodeIndex, free: Free) -> Sequence[Lack]:  # noqa: ARG001
        if indexed.static(demand)[node] != name:
            return ()
        return ((words(indexed.demands[demand], indexed.nodes[node]), MILLION),)

    return NodeRule(name, lacks, looks_at)


STATUS = _eligibility("status", _status_words, "status")
SPARE = _eligibility("spare", _spare_words)
LABELS = _eligibility("labels", _labels_words, "labels")
TAINTS = _eligibility("taints", _taints_words, "taints")
ARCHITECTURE = _eligibility("architecture", _architecture_words, "arch")
GANG = _eligibility("gang", _gang_words)

ELIGIBILITY_RULES = (STATUS, SPARE, LABELS, TAINTS, ARCHITECTURE, GANG)
"""The rules in the order in which plans list them; `spare` and `gang` refuse only nodes that the others let pass."""
