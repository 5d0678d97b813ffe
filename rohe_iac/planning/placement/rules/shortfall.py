"""Shortfalls: how much of each amount a node lacks for one replica."""

from __future__ import annotations

from rohe_iac.foundation.quantities import shown_bytes, shown_cpu, shown_share
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.device_shortfall import device_missing, devices_missing
from rohe_iac.planning.placement.rules.filters import placement_refusal
from rohe_iac.planning.placement.rules.messages import _static_text, placement_words
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.state.amounts import Free
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def shortfall(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> int:
    """What is missing over what is asked, in millionths, summed over what fails; orders refused nodes by closeness.

    A rule that has no amount counts as one whole request (1000000), so that a node short of a little comes first.
    """
    asked = indexed.resources[demand]
    total = MILLION if indexed.static(demand)[node] else 0
    lacking = asked.cpu - ledger.cpu[node]
    if lacking > 0:
        total += lacking * MILLION // max(asked.cpu, 1)
    lacking = asked.rss - ledger.rss[node]
    if lacking > 0:
        total += lacking * MILLION // max(asked.rss, 1)
    if asked.vms is not None and asked.vms > ledger.vms[node]:
        total += (asked.vms - ledger.vms[node]) * MILLION // max(asked.vms, 1)
    if asked.cores:
        row, chunks = ledger.sorted_cores[node], asked.cores
        if len(chunks) > len(row):
            total += (len(chunks) - len(row)) * MILLION // len(chunks)
        else:
            lacking = 0
            for chunk, free in zip(chunks, row, strict=False):
                if chunk > free:
                    lacking += chunk - free
            if lacking:
                total += lacking * MILLION // max(sum(chunks), 1)
    if asked.devices:
        total += devices_missing(indexed, ledger, demand, node)
    if placement_refusal(indexed, ledger, demand, node) or (
        not total and plugin_refusal(indexed, ledger, demand, node)[0]
    ):
        total += MILLION
    return total


def shortage(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> tuple[str, str, int]:
    """The first rule that refuses a node, all that is missing as people read it, and its shortfall."""
    found = lacking(indexed, demand, node, ledger.free(node))
    rule = placement_refusal(indexed, ledger, demand, node)
    if rule:
        found.add(rule, placement_words(indexed, ledger, demand, node, rule), MILLION)
    if not found.texts and indexed.plugins.filters:
        rule, words = plugin_refusal(indexed, ledger, demand, node)
        if rule:
            found.add(rule, f"{rule}: {words}", MILLION)
    return found.rule, "; ".join(found.texts) or f"{indexed.demands[demand].service} fits", found.total


class Lacking:
    """What is missing, in the order of RULES: the first rule, the words, and the sum of the parts in millionths."""

    __slots__ = ("rule", "texts", "total")

    def __init__(self) -> None:
        self.rule = ""
        self.texts: list[str] = []
        self.total = 0

    def add(self, rule: str, text: str, part: int) -> None:
        """One thing more, which is that part of what is asked, in millionths."""
        self.rule = self.rule or rule
        self.texts.append(text)
        self.total += part


def lacking(indexed: IndexedProblem, demand: int, node: int, free: Free) -> Lacking:
    """What a node lacks of what is asked of it alone, were so much free on it. node: it or another of its kind."""
    asked, found = indexed.resources[demand], Lacking()
    cpu, rss, vms, cores, devices = free
    rule = indexed.static(demand)[node]
    if rule:
        found.add(rule, _static_text(indexed, demand, node, rule), MILLION)
    if asked.cpu > cpu:
        text = f"cpu: {shown_cpu(asked.cpu - cpu)} of {shown_cpu(asked.cpu)} missing"
        found.add("cpu", text, (asked.cpu - cpu) * MILLION // max(asked.cpu, 1))
    if asked.cores:
        text, part = _cores_shortage(cores, asked.cores)
        if text:
            found.add("cores", text, part)
    if asked.rss > rss:
        text = f"memory.rss: {shown_bytes(asked.rss - rss)} of {shown_bytes(asked.rss)} missing"
        found.add("rss", text, (asked.rss - rss) * MILLION // max(asked.rss, 1))
    if asked.vms is not None and asked.vms > vms:
        text = f"memory.vms: {shown_bytes(asked.vms - vms)} of {shown_bytes(asked.vms)} missing"
        found.add("vms", text, (asked.vms - vms) * MILLION // max(asked.vms, 1))
    for request in asked.devices:
        short = device_missing(indexed, devices, node, request)
        if short:
            whole = request.count or request.share
            named = f"{request.type} ({' or '.join(request.models)})" if request.models else request.type
            amounts = f"{short} of {whole} {named} missing"
            if not request.count:
                amounts = f"{shown_share(short)} of {shown_share(whole)} {named} missing in one device"
            found.add("accelerators", f"accelerators: {amounts}", short * MILLION // whole)
    return found


def _cores_shortage(row: tuple[int, ...], chunks: tuple[int, ...]) -> tuple[str, int]:
    """What distinct cores lack, as people read it and in millionths; "" where they hold the chunks."""
    if len(chunks) > len(row):
        lacking = len(chunks) - len(row)
        text = f"cores: {lacking} of {len(chunks)} distinct cores missing"
        return text, lacking * MILLION // len(chunks)
    lacking = 0
    for chunk, free in zip(chunks, row, strict=False):
        if chunk > free:
            lacking += chunk - free
    if not lacking:
        return "", 0
    asked = sum(chunks)
    where = f"{len(chunks)} distinct cores" if len(chunks) > 1 else "one core"
    text = f"cores: {shown_cpu(lacking)} of {shown_cpu(asked)} on {where} missing"
    return text, lacking * MILLION // max(asked, 1)
