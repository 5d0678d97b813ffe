"""Limits that are not in force, in a sentence for each reason, for `apply` and `status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rohe_iac.foundation.quantities import counted


def unlimited_sentences(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Returns what is not in force, equal reasons together.

    Args:
        parts: For each part its sentences, such as `limit of memory 64Mi is not in force: REASON`.
    """
    reasons = Counter(sentence.partition(": ")[2] for sentences in parts for sentence in sentences)
    return tuple(
        f"{counted(count, 'limit')} not in force: {reason}; `rohe doctor` says what to do"
        for reason, count in sorted(reasons.items())
    )
