"""Bars of a page: how full one dimension of a node is, and with what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rohe_iac.cli.views.page.keys import COLOURS, WorkloadKeys
from rohe_iac.planning.model.plan import Placement

OTHERS = -1
"""The key of what is in use already by others than the plan."""

ShowAmounts = Callable[..., tuple[str, ...]]
"""Writes an amount of a dimension for people."""


@dataclass(frozen=True, slots=True)
class BarSegment:
    """A part of a bar.

    Attributes:
        percent: its width in percent of the bar.
        key: the number of its workload; OTHERS where it is not of the plan.
        title: what it is; empty where it stands for all workloads together.
    """

    percent: float
    key: int
    title: str

    @property
    def colour(self) -> str:
        """The CSS class of the segment."""
        return "o" if self.key == OTHERS else f"f{self.key % COLOURS}"


@dataclass(frozen=True, slots=True)
class Bar:
    """How full one dimension of a node is.

    Attributes:
        name: the dimension, such as `cpu` or `core 3`.
        label: the amounts, such as `350m of 2`.
        percent: the part of the capacity that is taken, above 100 where more is taken than there is.
        segments: the parts from left to right.
    """

    name: str
    label: str
    percent: int
    segments: tuple[BarSegment, ...]


def segmented_bar(
    name: str,
    capacity: int,
    used: int,
    taken: Iterable[tuple[Placement, int]],
    keys: WorkloadKeys,
    show: ShowAmounts,
) -> Bar:
    """Returns a bar with a segment for what others use and one for each replica.

    Args:
        name: the dimension.
        capacity: what the node has of it, in the unit that `show` takes.
        used: what others than the plan use of it.
        taken: what each replica takes of it.
        keys: numbers and names of workloads.
        show: returns amounts as people compare them.
    """
    parts = [(OTHERS, "in use already", used)] if used else []
    parts += [
        (keys.number(placement.workload), replica_name(placement), amount) for placement, amount in taken if amount
    ]
    total = sum(amount for _, _, amount in parts)
    # A bar is as long as what is taken where that is more than there is, so that no segment leaves it.
    scale = max(capacity, total, 1)
    segments = tuple(
        BarSegment(round(100 * amount / scale, 2), key, f"{label}: {show(amount)[0]}") for key, label, amount in parts
    )
    return Bar(name, " of ".join(show(total, capacity)), _percent(total, capacity), segments)


def plain_bar(name: str, total: int, capacity: int, show: ShowAmounts) -> Bar:
    """Returns a bar of one segment for all that is taken."""
    percent = _percent(total, capacity)
    return Bar(name, " of ".join(show(total, capacity)), percent, (BarSegment(min(percent, 100), 1, ""),))


def replica_name(placement: Placement) -> str:
    """Returns the address of a replica without its kind."""
    return placement.replica.removeprefix("replica/")


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else (100 if part else 0)
