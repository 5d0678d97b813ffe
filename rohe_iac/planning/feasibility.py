"""Feasibility: may a replica go to a node as the ledger stands, and if not, by which rule and how much is missing."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.foundation.quantities import shown_bytes, shown_cpu, shown_share
from rohe_iac.planning.demand import DeviceRequest
from rohe_iac.planning.layout import Layout, static_rule
from rohe_iac.planning.ledger import Free, Ledger, Row, choose_devices
from rohe_iac.planning.outlook import own_refusal
from rohe_iac.planning.travel import overspent

MILLION = 1_000_000

RULES = (
    "status", "reserved", "labels", "taints", "architecture", "cpu", "cores", "rss", "vms", "accelerators",
    "ports", "spread", "avoid", "near", "latency", "bandwidth", "budget",
)  # fmt: skip
"""All built-in rules in the order in which they are asked; the first that says no names the refusal."""

NEIGHBOURHOOD = ("ports", "spread", "avoid", "near", "latency", "bandwidth", "budget")
"""The rules that ask what else is placed; together they count as one missing whole."""


def refusal(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The first rule that refuses the node, or an empty word where the replica fits."""
    return layout.static(demand)[node] or amounts_refusal(layout, ledger, demand, node)


def refusal_to_stay(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The same for a replica that is there already: a cordoned node keeps what it has."""
    rule = layout.static(demand)[node]
    if rule == "status" and layout.nodes[node].status == "cordoned":
        rule = static_rule(layout.demands[demand], replace(layout.nodes[node], status="running"))
    return rule or amounts_refusal(layout, ledger, demand, node)


def amounts_refusal(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The first rule that refuses the node by what is free on it and what is placed, or an empty word."""
    asked = layout.resources[demand]
    if asked.cpu > ledger.cpu[node]:
        return "cpu"
    if asked.cores:
        row = ledger.sorted_cores[node]
        if len(asked.cores) > len(row):
            return "cores"
        for chunk, free in zip(asked.cores, row, strict=False):
            if chunk > free:
                return "cores"
    if asked.rss > ledger.rss[node]:
        return "rss"
    if asked.vms is not None and asked.vms > ledger.vms[node]:
        return "vms"
    if asked.devices and not _devices_fit(layout, ledger, demand, node):
        return "accelerators"
    rule = placement_refusal(layout, ledger, demand, node)
    if not rule and layout.extensions.filters:
        # What is plugged in is asked last, so that it is asked seldom.
        return own_refusal(layout, ledger, demand, node)[0]
    return rule


def rules_of(layout: Layout) -> tuple[str, ...]:
    """All rules of the problem in the order in which they are asked, plugged filters last."""
    return (*RULES, *(one.name for one in layout.extensions.filters))


def _devices_fit(layout: Layout, ledger: Ledger, demand: int, node: int) -> bool:
    # Requests of one demand are of distinct types, so that they never compete for a device.
    free = ledger.devices[node]
    return all(choose_devices(layout, free, node, request) is not None for request in layout.resources[demand].devices)


def placement_refusal(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """The first of the rules of NEIGHBOURHOOD that refuses the node, or an empty word."""
    if layout.host_ports[demand]:
        taken = ledger.ports[node]
        ports = layout.host_ports[demand]
        if any(port in taken for port in ports) or len(set(ports)) < len(ports):
            return "ports"
    if layout.numbered[demand] > ledger.numbers:
        return "ports"
    for rule in layout.demands[demand].spread:
        domain = layout.domains[rule.key][node]
        if domain < 0 or ledger.counts[demand][rule.key][domain] >= rule.limit:
            return "spread"
    for key in layout.avoid_keys[demand]:
        if layout.domains[key][node] < 0:
            return "avoid"
    for other, key in layout.avoid[demand]:
        domain = layout.domains[key][node]
        if domain >= 0 and ledger.counts[other][key][domain]:
            return "avoid"
    for others, key in layout.near[demand]:
        if not near_holds(layout, ledger, demand, others, key, node):
            return "near"
    if layout.edges[demand] or layout.ways[demand]:
        return network_refusal(layout, ledger, demand, node)
    return ""


def near_holds(
    layout: Layout, ledger: Ledger, demand: int, others: tuple[int, ...], key: str, node: int, *, stands: bool = False
) -> bool:
    """Whether the node shares a domain with one of the others. stands: the replica is there, and is not near itself.

    The first of a group whose members are near each other, or near themselves, may go anywhere.
    """
    domain = layout.domains[key][node]
    if domain < 0:
        return False
    itself = int(stands and demand in others)
    if not any(ledger.placed[other] for other in others) or (
        itself and sum(sum(ledger.placed[other].values()) for other in others) == 1
    ):
        return any(other == demand or other in ledger.pending for other in others)
    return sum(ledger.counts[other][key][domain] for other in others) > itself


def network_refusal(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    """Whether latency, bandwidth or a budget along the flow refuses the node, or an empty word."""
    for peer, limit, _ in layout.edges[demand]:
        for other in ledger.placed[peer]:
            route = layout.route(node, other)
            if route is None or (limit is not None and route[0] > limit):
                return "latency"
    for wire, load in ledger.loads(demand, node).items():
        if load > ledger.bandwidth[wire]:
            return "bandwidth"
    return "budget" if layout.ways[demand] and overspent(layout, ledger, demand, node) is not None else ""


def shortfall(layout: Layout, ledger: Ledger, demand: int, node: int) -> int:
    """What is missing over what is asked, in millionths, summed over what fails; orders refused nodes by closeness.

    A rule that has no amount counts as one whole request (1000000), so that a node short of a little comes first.
    """
    asked = layout.resources[demand]
    total = MILLION if layout.static(demand)[node] else 0
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
        total += devices_missing(layout, ledger, demand, node)
    if placement_refusal(layout, ledger, demand, node) or (not total and own_refusal(layout, ledger, demand, node)[0]):
        total += MILLION
    return total


def shortage(layout: Layout, ledger: Ledger, demand: int, node: int) -> tuple[str, str, int]:
    """The first rule that refuses a node, all that is missing as people read it, and its shortfall."""
    found = lacking(layout, demand, node, ledger.free(node))
    rule = placement_refusal(layout, ledger, demand, node)
    if rule:
        found.add(rule, placement_words(layout, ledger, demand, node, rule), MILLION)
    if not found.texts and layout.extensions.filters:
        rule, words = own_refusal(layout, ledger, demand, node)
        if rule:
            found.add(rule, f"{rule}: {words}", MILLION)
    return found.rule, "; ".join(found.texts) or f"{layout.demands[demand].service} fits", found.total


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


def lacking(layout: Layout, demand: int, node: int, free: Free) -> Lacking:
    """What a node lacks of what is asked of it alone, were so much free on it. node: it or another of its kind."""
    asked, found = layout.resources[demand], Lacking()
    cpu, rss, vms, cores, devices = free
    rule = layout.static(demand)[node]
    if rule:
        found.add(rule, _static_text(layout, demand, node, rule), MILLION)
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
        short = device_missing(layout, devices, node, request)
        if short:
            whole = request.count or request.share
            named = f"{request.type} ({' or '.join(request.models)})" if request.models else request.type
            amounts = f"{short} of {whole} {named} missing"
            if not request.count:
                amounts = f"{shown_share(short)} of {shown_share(whole)} {named} missing in one device"
            found.add("accelerators", f"accelerators: {amounts}", short * MILLION // whole)
    return found


def device_missing(layout: Layout, free: Row, node: int, request: DeviceRequest) -> int:
    """Whole devices, or basis points in the best device, that a request lacks where so much of each is free."""
    idle, best = 0, 0
    for position, device in enumerate(layout.nodes[node].devices):
        if device.type == request.type and (not request.models or device.model in request.models):
            untouched = free[position] == device.capacity
            idle += untouched
            if untouched or not device.exclusive:
                best = max(best, free[position])
    return max(0, request.count - idle if request.count else request.share - best)


def devices_missing(layout: Layout, ledger: Ledger, demand: int, node: int) -> int:
    """What all requests for devices lack on the node, over what they ask for, in millionths."""
    return sum(
        device_missing(layout, ledger.devices[node], node, request) * MILLION // (request.count or request.share)
        for request in layout.resources[demand].devices
    )


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


def _static_text(layout: Layout, demand: int, node: int, rule: str) -> str:
    wanted, supply = layout.demands[demand], layout.nodes[node]
    if rule == "status":
        return f"status: the node is {supply.status}"
    if rule == "reserved":
        return "reserved: kept free for the replicas of a node that fails"
    if rule == "labels":
        labels = dict(supply.labels)
        lacking = [f"{key}={value}" for key, value in wanted.selector if labels.get(key) != value]
        return f"labels: {', '.join(lacking)} missing"
    if rule == "taints":
        kept = [
            f"{taint.key}={taint.value}" if taint.value else taint.key
            for taint in supply.taints
            if taint.effect != "PreferNoSchedule"
            and not any(item.covers(taint.key, taint.value, taint.effect) for item in wanted.tolerations)
        ]
        return f"taints: {', '.join(kept)} not tolerated"
    return f"architecture: the node is {supply.arch}, asked is {' or '.join(wanted.arch)}"


def placement_words(layout: Layout, ledger: Ledger, demand: int, node: int, rule: str) -> str:
    """What a rule of NEIGHBOURHOOD that refuses the node says of it, as people read it."""
    wanted = layout.demands[demand]
    if rule == "ports":
        taken = ledger.ports[node]
        clash = sorted(number for number, protocol in layout.host_ports[demand] if (number, protocol) in taken)
        if clash:
            return f"ports: host port {clash[0]} is taken"
        if layout.numbered[demand] > ledger.numbers:
            return f"ports: {layout.numbered[demand]} asked, {ledger.numbers} left in the range"
        return "ports: one host port is asked for twice"
    if rule == "spread":
        for item in wanted.spread:
            domain = layout.domains[item.key][node]
            if domain < 0:
                return f"spread: the node has no label {item.key}"
            if ledger.counts[demand][item.key][domain] >= item.limit:
                return f"spread: {item.limit} in this {item.key} already"
    if rule == "avoid":
        for key in layout.avoid_keys[demand]:
            if layout.domains[key][node] < 0:
                return f"avoid: the node has no label {key}"
        for other, key in layout.avoid[demand]:
            domain = layout.domains[key][node]
            if domain >= 0 and ledger.counts[other][key][domain]:
                return f"avoid: {layout.demands[other].workload} is in this {key}"
    if rule == "near":
        for others, key in layout.near[demand]:
            if not near_holds(layout, ledger, demand, others, key, node):
                names = " or ".join(layout.demands[other].workload for other in others) or "a service without replicas"
                return f"near: {names} is not in this {key}"
    if rule == "latency":
        return _latency_text(layout, ledger, demand, node)
    if rule == "budget":
        return _budget_text(layout, ledger, demand, node)
    for wire, load in sorted(ledger.loads(demand, node).items()):
        if load > ledger.bandwidth[wire]:
            return f"bandwidth: {load - ledger.bandwidth[wire]} of {load} bit/s missing on {layout.wires[wire].name}"
    return rule


def _budget_text(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    found = overspent(layout, ledger, demand, node)
    if found is None:
        return "budget"
    budget, over = found
    way = " to ".join(
        layout.demands[demands[0]].service for demands in (budget.stages[0], budget.stages[-1]) if demands
    )
    promise = budget.promise
    return (
        f"budget: {over / 1000:g} ms over the {budget.left / 1000:g} ms that {promise.objective} "
        f"({promise.limit / 1000:g} ms) leaves from {way}"
    )


def _latency_text(layout: Layout, ledger: Ledger, demand: int, node: int) -> str:
    for peer, limit, _ in layout.edges[demand]:
        for other in sorted(ledger.placed[peer]):
            route = layout.route(node, other)
            name, there = layout.demands[peer].workload, layout.nodes[other].name
            if route is None:
                return f"latency: no link to {name} on {there}"
            if limit is not None and route[0] > limit:
                return f"latency: {(route[0] - limit) / 1000:g} ms over {limit / 1000:g} ms to {name} on {there}"
    return "latency"
