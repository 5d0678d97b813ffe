"""All rules of the planner in the order in which plans list them; names, codes and order follow from `RULES`.

They are asked in the same order, but for `spare`, which is asked last of the rules about the node alone.
"""

from __future__ import annotations

from rohe_iac.planning.placement.rules.affinity import AFFINITY_RULES
from rohe_iac.planning.placement.rules.cores import CORES
from rohe_iac.planning.placement.rules.devices import ACCELERATORS
from rohe_iac.planning.placement.rules.network import NETWORK_RULES
from rohe_iac.planning.placement.rules.node_eligibility import ELIGIBILITY_RULES
from rohe_iac.planning.placement.rules.ports import PORT_RULES
from rohe_iac.planning.placement.rules.resources import CPU, EXTRA_RULES, RSS, VMS, AmountRule
from rohe_iac.planning.placement.rules.rule import CouplingRule, NodeRule
from rohe_iac.planning.placement.rules.topology_spread import SPREAD_RULES
from rohe_iac.planning.placement.state.index import IndexedProblem

FREE_AMOUNT_RULES: tuple[NodeRule | AmountRule, ...] = (CPU, CORES, RSS, VMS, *EXTRA_RULES, ACCELERATORS)
"""The rules about what is free on one node."""

COUPLING_GROUPS = (PORT_RULES, SPREAD_RULES, AFFINITY_RULES, NETWORK_RULES)
"""The rules about what else is placed, by group."""

COUPLING_RULES: dict[str, CouplingRule] = {rule.name: rule for group in COUPLING_GROUPS for rule in group.rules}
"""The same rules by name; together they count as one missing whole."""

RULES: tuple[NodeRule | AmountRule | CouplingRule, ...] = (
    *ELIGIBILITY_RULES,
    *FREE_AMOUNT_RULES,
    *COUPLING_RULES.values(),
)
"""All built-in rules; the first that is asked and refuses a node names the refusal."""

RULE_NAMES = tuple(rule.name for rule in RULES)

CODES = {name: code for code, name in enumerate(RULE_NAMES, 1)}
"""The number of each rule in arrays; 0 stands for none."""


def rules_of(indexed: IndexedProblem) -> tuple[str, ...]:
    """Returns the names of all rules of the problem in the order in which plans list them, plugged filters last."""
    return (*RULE_NAMES, *(plugin.name for plugin in indexed.plugins.filters))
