"""The rule `cores`: every chunk of a request needs a core of its own that has as much free."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.foundation.quantities import cpu_alike
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.rule import Lack, NodeRule
from rohe_iac.planning.placement.state.amounts import Free, Row
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def missing_millicores(chunks: Row, row: Row) -> int:
    """Returns what the cores lack of the chunks, one core a chunk; the row has at least as many cores as chunks."""
    missing = 0
    for chunk, free in zip(chunks, row, strict=False):
        if chunk > free:
            missing += chunk - free
    return missing


def missing_cores_part(chunks: Row, row: Row) -> int:
    """Returns the cores that are missing over those asked for, else the millicores over those asked for; millionths."""
    if len(chunks) > len(row):
        return (len(chunks) - len(row)) * MILLION // len(chunks)
    missing = missing_millicores(chunks, row)
    return missing * MILLION // max(sum(chunks), 1) if missing else 0


def _lacks(indexed: IndexedProblem, demand: DemandIndex, node: NodeIndex, free: Free) -> Sequence[Lack]:  # noqa: ARG001
    chunks, row = indexed.resources[demand].cores, free[3]
    part = missing_cores_part(chunks, row)
    if len(chunks) > len(row):
        return ((f"cores: needs {len(chunks)} distinct cores, the node has {len(row)}", part),)
    missing = missing_millicores(chunks, row)
    if not missing:
        return ()
    where = f"{len(chunks)} distinct cores" if len(chunks) > 1 else "one core"
    needed, lacking = cpu_alike(sum(chunks), missing)
    return ((f"cores: needs {needed} on {where}, {lacking} of it does not fit", part),)


CORES = NodeRule("cores", _lacks, ("cores", "cores_used"))
