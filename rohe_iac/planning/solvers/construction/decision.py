"""Decision: a grant with what led to it."""

from __future__ import annotations

from rohe_iac.planning.placement.state.ledger import Grant


class Decision(Grant, gc=False):
    """What one replica was granted, with the points that it won by and the raw parts of them.

    kept: it stayed where it was. searched: it was not decided alone, but by a search over whole assignments.
    """

    index: int = 0
    points: int = 0
    parts: tuple[int, ...] = ()
    runner_up: int = -1
    runner_up_points: int = 0
    fits: int = 0
    kept: bool = False
    searched: bool = False

    @classmethod
    def of(
        cls,
        grant: Grant,
        index: int,
        points: int = 0,
        parts: tuple[int, ...] = (),
        runner_up: int = -1,
        runner_up_points: int = 0,
        fits: int = 0,
        *,
        kept: bool = False,
        searched: bool = False,
    ) -> Decision:
        """The decision that gives a replica that grant."""
        return cls(
            grant.demand, grant.node, grant.cores, grant.devices, grant.wires, index, points, parts, runner_up,
            runner_up_points, fits, kept, searched,
        )  # fmt: skip
