"""Limits that are not in force, in a sentence for each reason, for `apply` and `status`."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.deployment.ports import ONLY_PLANNED
from rohe_iac.foundation.quantities import counted

MAX_NAMED = 5
"""Services that a sentence names."""


def unlimited_sentences(parts: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Returns what is not in force and whose, equal reasons together.

    Args:
        parts: The address of each part, such as `replica/digits:camera/0`, with a sentence for each limit that is not
            in force, such as `limit of memory 64Mi is not in force: REASON`.
    """
    reasons: dict[str, list[str]] = {}
    for address, sentences in parts:
        owner = address.removeprefix("replica/").rpartition("/")[0]
        for sentence in sentences:
            reasons.setdefault(sentence.partition(": ")[2], []).append(owner)
    return tuple(
        f"{counted(len(owners), 'limit')} not in force, of {_names(owners)}: {reason}"
        + ("" if reason.endswith(ONLY_PLANNED) else "; `rohe doctor` says what to do")
        for reason, owners in sorted(reasons.items())
    )


def _names(owners: list[str]) -> str:
    """Returns the first services by name, and how many more there are."""
    names = sorted(set(owners))
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{', '.join(names[:MAX_NAMED])}{more}"
