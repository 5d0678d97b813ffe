"""Shortfalls: what a node lacks for one replica, as a sum that orders refused nodes and as words for people."""

from __future__ import annotations

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.cores import missing_cores_part
from rohe_iac.planning.placement.rules.devices import missing_devices_part
from rohe_iac.planning.placement.rules.filters import placement_refusal
from rohe_iac.planning.placement.rules.node_eligibility import ELIGIBILITY_RULES
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.rules.registry import COUPLING_RULES, FREE_AMOUNT_RULES
from rohe_iac.planning.placement.rules.resources import EXTRA_RULES, missing_part
from rohe_iac.planning.placement.state.amounts import EXTRAS, Free
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def shortfall(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> int:
    """Returns what is missing over what is asked, in millionths, summed over the rules that refuse the node.

    It is the total of `shortage`, without its words. A rule that has no amount counts as one whole request (1000000),
    so that a node that lacks a little comes first.
    """
    asked = indexed.resources[demand]
    total = MILLION if indexed.static(demand)[node] else 0
    if asked.cpu > ledger.cpu[node]:
        total += missing_part(asked.cpu, ledger.cpu[node])
    if asked.rss > ledger.rss[node]:
        total += missing_part(asked.rss, ledger.rss[node])
    if asked.vms is not None and asked.vms > ledger.vms[node]:
        total += missing_part(asked.vms, ledger.vms[node])
    for rule in EXTRA_RULES if indexed.has_extras else ():
        wanted = rule.asked(asked)
        total += missing_part(wanted, ledger.extras[node][EXTRAS.index(rule.name)]) if wanted else 0
    if asked.cores:
        total += missing_cores_part(asked.cores, ledger.sorted_cores[node])
    if asked.devices:
        total += missing_devices_part(indexed, ledger.devices[node], node, asked.devices)
    if placement_refusal(indexed, ledger, demand, node) or (
        not total and plugin_refusal(indexed, ledger, demand, node)[0]
    ):
        total += MILLION
    return total


def shortage(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> tuple[str, str, int]:
    """Returns the first rule that refuses a node, all that is missing as people read it, and the shortfall."""
    found = shortage_of_node(indexed, demand, node, ledger.free(node))
    rule = placement_refusal(indexed, ledger, demand, node)
    if rule:
        found.add(rule, COUPLING_RULES[rule].words(indexed, ledger, demand, node), MILLION)
    if not found.texts and indexed.plugins.filters:
        rule, words = plugin_refusal(indexed, ledger, demand, node)
        if rule:
            found.add(rule, f"{rule}: {words}", MILLION)
    return found.rule, "; ".join(found.texts) or f"{indexed.demands[demand].service} fits", found.total


class Shortage:
    """What is missing on a node, in the order of RULES.

    Attributes:
        rule: the first rule that refuses the node, or an empty word.
        texts: the words of every rule that refuses it.
        total: the sum of their parts of what is asked, in millionths.
    """

    __slots__ = ("rule", "texts", "total")

    def __init__(self) -> None:
        self.rule = ""
        self.texts: list[str] = []
        self.total = 0

    def add(self, rule: str, text: str, part: int) -> None:
        """Records one more thing that is missing; part: how much of what is asked, in millionths."""
        self.rule = self.rule or rule
        self.texts.append(text)
        self.total += part


def shortage_of_node(indexed: IndexedProblem, demand: DemandIndex, node: NodeIndex, free: Free) -> Shortage:
    """Returns what the rules about one node alone find missing, were so much free on it.

    Args:
        node: the node, or another one of its class.
        free: the amounts that count as free.
    """
    found = Shortage()
    rules = (*ELIGIBILITY_RULES, *FREE_AMOUNT_RULES) if indexed.static(demand)[node] else FREE_AMOUNT_RULES
    for rule in rules:
        for words, part in rule.lacks(indexed, demand, node, free):
            found.add(rule.name, words, part)
    return found
