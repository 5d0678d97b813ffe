"""Lease: how long a share is held without a word, by monotonic clocks alone.

The receiving agent counts from when it sent the renewal that was answered, and the judging agent from when it last
heard the agent, which is later. So the first gives a share up before the second grants it to another, whatever their
clocks show.
"""

from __future__ import annotations

RENEWAL_INTERVAL = 0.25
"""Seconds between two renewals."""

SILENCE = 0.75
"""Seconds without a word of an agent after which the watermark waits for the clients of its share."""

LEASE = 6.0
"""Seconds without a word of an agent after which its share goes to others."""

HOLD_SECONDS = 5.0
"""Seconds for which a receiving agent holds its share after it sent a renewal that was answered."""

STALL = 1.0
"""Seconds from one turn of the judging agent to the next beyond which it heard nobody meanwhile."""
