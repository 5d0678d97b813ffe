"""How the shares of a plan's agents look: which agent judges, and whom each of them hears."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.plan import Plan

SHARES = "Agents that share the reports of a pipeline"
"""The title of the shares."""

COLUMNS = ("agent", "node", "role", "instances", "expected", "why")
"""The columns of the table of shares."""


def share_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """Yields the row of every share: agent, node, role, instances, expected requests a second, and why."""
    nodes = {placement.instance: placement.node for placement in plan.placements}
    for share in plan.shares:
        yield (
            share.agent,
            nodes.get(share.agent, ""),
            "judges" if share.judges else "receives",
            f"{len(share.instances):,}",
            f"{share.rate / 1000:,.4g}/s" if share.rate else "",
            share.reason,
        )


def shares_on_one_node(plan: Plan) -> Iterator[str]:
    """Yields a sentence for each node that several agents of one pipeline are on."""
    nodes = {placement.instance: placement.node for placement in plan.placements}
    together: dict[tuple[str, str], int] = {}
    for share in plan.shares:
        key = (share.pipeline, nodes.get(share.agent, ""))
        together[key] = together.get(key, 0) + 1
    for (pipeline, node), number in sorted(together.items()):
        if number > 1:
            yield f"{counted(number, 'agent')} of {pipeline} are on {node}: if it fails, these {number} are gone"
