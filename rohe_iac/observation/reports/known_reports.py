"""Known reports: which reports were received before, as an intake asks for them."""

from __future__ import annotations

from typing import Protocol

from rohe_iac.observation.reports.sequence_set import SequenceSet


class KnownReports(Protocol):
    """What was received before."""

    def received_numbers(self) -> dict[tuple[str, str], SequenceSet]:
        """Returns the sequence numbers that were received, by client and boot; what was written last comes last."""
        ...

    def has_digest(self, digest: bytes) -> bool:
        """Checks whether a message with this digest was received before."""
        ...
