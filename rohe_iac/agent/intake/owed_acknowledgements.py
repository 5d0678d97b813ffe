"""Owed acknowledgements: to whom an agent has to say what is stored, so much of it at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

MAX_HOLES = 10_000
"""Missing ranges that the acknowledgements of one turn have, about: half a megabyte."""

MAX_ACKNOWLEDGEMENTS = 5_000
"""Acknowledgements of one turn, at most."""

Numbers = tuple[int, list[list[int]]]
"""Newest sequence number that is acknowledged, and the missing ranges below it."""


class OwedAcknowledgements:
    """A queue of (client, boot), each once, first in first out, so that nobody has to wait for ever."""

    def __init__(self) -> None:
        self._owed: dict[tuple[str, str], None] = {}

    def __len__(self) -> int:
        """Returns how many are owed."""
        return len(self._owed)

    def owe(self, keys: Iterable[tuple[str, str]]) -> None:
        """Adds some that are to be acknowledged."""
        self._owed.update(dict.fromkeys(keys))

    def take(self, numbers: Callable[[str, str], Numbers]) -> Iterator[tuple[str, str, int, list[list[int]]]]:
        """Yields the acknowledgements of one turn, which are owed no longer.

        Args:
            numbers: Returns what is received now of a client and boot.
        """
        holes_left, left = MAX_HOLES, MAX_ACKNOWLEDGEMENTS
        while self._owed and holes_left > 0 and left > 0:
            client, boot = key = next(iter(self._owed))
            del self._owed[key]
            up_to_seq, holes = numbers(client, boot)
            holes_left -= len(holes)
            left -= 1
            yield client, boot, up_to_seq, holes
