"""The shares of agents, counted again: each instance is heard by one agent, and one agent of each pipeline judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.share import Share
from rohe_iac.planning.verification.fault import Fault

RULE = "shares"


def share_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each pipeline, agent and instance of which the plan's shares do not say who hears whom."""
    agents: dict[str, set[str]] = {}
    for item in plan.placements:
        kind, _, pipeline = item.workload.partition("/")
        if kind == "agent":
            agents.setdefault(pipeline, set()).add(item.instance)
    several = {pipeline: names for pipeline, names in agents.items() if len(names) >= 2}
    for share in plan.shares:
        if share.agent not in several.get(share.pipeline, ()):
            yield Fault(RULE, share.agent, f"has a share of {share.pipeline}, which it does not share with others")
    for pipeline, names in several.items():
        shares = [share for share in plan.shares if share.pipeline == pipeline]
        for name in sorted(names):
            count = sum(share.agent == name for share in shares)
            if count != 1:
                yield Fault(RULE, name, f"has {count} shares of {pipeline}, not 1")
        judges = [share.agent for share in shares if share.judges]
        if len(judges) != 1:
            yield Fault(RULE, f"agent/{pipeline}", f"{len(judges)} of its agents judge, not 1: {', '.join(judges)}")
        reporting = {item.instance for item in plan.placements if item.pipeline == pipeline and not item.system}
        heard = Counter(name for share in shares for name in share.instances)
        for name in sorted(reporting | heard.keys()):
            if name not in reporting:
                yield Fault(RULE, name, f"is heard by an agent of {pipeline}, of which it is no placed instance")
            elif heard[name] != 1:
                yield Fault(RULE, name, f"is in {heard[name]} shares of {pipeline}, not in 1")
        for share in shares:
            yield from _statement_faults(problem, plan, share)


def _statement_faults(problem: Problem, plan: Plan, share: Share) -> Iterator[Fault]:
    """Yields a fault where the requests or the reason that a share states are not those of its instances."""
    demands = {demand.workload: demand for demand in problem.demands}
    reporting = [item for item in plan.placements if item.pipeline == share.pipeline and item.workload in demands]
    heard = [item for item in reporting if item.instance in share.instances]
    rate = sum(
        demands[item.workload].rate * 1000 // demands[item.workload].replicas
        for item in heard
        if demands[item.workload].replicas
    )
    if share.rate != rate // 1000:
        message = f"is said to hear {share.rate} requests in 1000 seconds; it hears {rate // 1000}"
        yield Fault(RULE, share.agent, message)
    of, found = Counter(item.service for item in reporting), Counter(item.service for item in heard)
    whole = ", ".join(sorted(name for name, count in found.items() if count == of[name]))
    divided = ", ".join(f"{count} of {of[name]} of {name}" for name, count in sorted(found.items()) if count < of[name])
    words = "; ".join(text for text in (f"all of {whole}" if whole else "", divided) if text)
    words = ("judges, so it hears less: " if share.judges else "") + (words or "nothing")
    agent = next((item for item in plan.placements if item.instance == share.agent), None)
    if agent is not None and agent.workload in demands and demands[agent.workload].hears_near and heard:
        zones = {node.name: dict(node.labels).get("zone", "") for node in problem.nodes}
        home = zones.get(agent.node, "")
        close = sum(item.node == agent.node or (home != "" and zones.get(item.node) == home) for item in heard)
        words += f"; {close} of {len(heard)} in its zone or on its node"
    if share.reason != words:
        yield Fault(RULE, share.agent, f"is said to hear this: {share.reason}; it hears this: {words}")
