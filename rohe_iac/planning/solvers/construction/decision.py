"""Decision: the grant of one replica and why it was chosen."""

from __future__ import annotations

from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import NO_NODE, NodeIndex


class Decision(Grant, gc=False):
    """A grant with the score that won it.

    Attributes:
        index: index of the replica in its demand.
        score: score of the node.
        parts: parts of the score, by scorer; empty where nothing is explained.
        runner_up: the best other node, -1 for none.
        runner_up_score: its score.
        fits: number of nodes that fitted.
        kept: whether the replica stayed where it was.
        searched: whether a search over whole assignments chose the node, and not this replica's turn alone.
    """

    index: int = 0
    score: int = 0
    parts: tuple[int, ...] = ()
    runner_up: NodeIndex = NO_NODE
    runner_up_score: int = 0
    fits: int = 0
    kept: bool = False
    searched: bool = False

    @classmethod
    def of(
        cls,
        grant: Grant,
        index: int,
        score: int = 0,
        parts: tuple[int, ...] = (),
        runner_up: NodeIndex = NO_NODE,
        runner_up_score: int = 0,
        fits: int = 0,
        *,
        kept: bool = False,
        searched: bool = False,
    ) -> Decision:
        """Returns the decision that gives the replica `index` of the grant's demand that grant."""
        return cls(
            grant.demand, grant.node, grant.cores, grant.devices, grant.wires, index, score, parts, runner_up,
            runner_up_score, fits, kept, searched,
        )  # fmt: skip
