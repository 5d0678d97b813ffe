"""Tightening: the smallest amount of an edit that still places the replica, proven by planning again.

What a refusal lacks tells which amount suffices while all other replicas stay where they are; planned again others may
move, so that less may do. Amounts at which that can change are the sums of requests that fit together. They are tried
from the present value on, then the interval is bisected, and at last the next amount below has to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from rohe_iac.planning.questions.why_not.refusal_case import AdjustableAmount, EditSet, EditStep

MAX_TRIED = 24
"""Amounts between the present one and that of an edit that are tried."""

MAX_BISECTED = 40
"""Halvings of an interval of amounts."""

Proves = Callable[[EditSet], bool]
"""Checks by planning again whether edits place the replica."""


def tightened(step: EditStep, amounts: Collection[int], proves: Proves, suffices: Proves) -> tuple[EditStep, bool]:
    """Returns the step with the amount nearest to the present one that suffices, and whether that is proven.

    Args:
        step: a step that suffices.
        amounts: amounts at which less may begin to suffice.
        proves: checks an edit.
        suffices: checks an edit with a shorter search, for the amounts that are far from the smallest.
    """
    adjustable = step.adjustable
    if adjustable is None:
        return step, step.whole and not proves(())
    best, failed = adjustable.value, adjustable.present
    nearest = sorted(
        (amount for amount in set(amounts) if _is_less(adjustable, amount)), key=lambda at: abs(at - adjustable.present)
    )
    tried = nearest if len(nearest) <= MAX_TRIED else _spaced(nearest, MAX_TRIED)
    for amount in tried:
        if suffices((adjustable.at(amount),)) and proves((adjustable.at(amount),)):
            best = amount
            break
        failed = amount
    toward = 1 if adjustable.present > best else -1
    # Without a step between the two, the present amount is the next one, and it is refused.
    if abs(best - adjustable.present) > 1 and proves((adjustable.at(best + toward),)):
        best = _bisected(adjustable, failed, best + toward, proves)
        if abs(best - adjustable.present) > 1 and proves((adjustable.at(best + toward),)):
            return adjustable.at(best), False
    complete = len(tried) == len(nearest) or best in tried
    return (adjustable.at(best) if best != adjustable.value else step), complete and not proves(())


def _is_less(adjustable: AdjustableAmount, amount: int) -> bool:
    """Checks whether an amount lies between the present one and that of the step."""
    return min(adjustable.present, adjustable.value) < amount < max(adjustable.present, adjustable.value)


def _spaced(amounts: list[int], number: int) -> list[int]:
    """Returns so many of the amounts, evenly spaced, the first and the last among them."""
    return [amounts[position * (len(amounts) - 1) // (number - 1)] for position in range(number)]


def _bisected(adjustable: AdjustableAmount, failed: int, best: int, proves: Proves) -> int:
    """Returns an amount that suffices next to one that does not, between one that fails and one that suffices."""
    for _ in range(MAX_BISECTED):
        if abs(best - failed) <= 1:
            break
        middle = (best + failed) // 2
        if proves((adjustable.at(middle),)):
            best = middle
        else:
            failed = middle
    return best
