"""Measured figures of an agent's memory, which the plan and the agent itself share; imports nothing, so agents can."""

from __future__ import annotations

MEBIBYTE = 2**20

PROCESS_BYTES = 64 * MEBIBYTE
"""Memory of an agent without reports: 45 MB of process (measured), and messages that wait for the worker."""

REPORT_SIZE = 400
"""Bytes of the reports that were measured."""

WAITING_BYTES = 1536
"""Memory of one report that waits for the watermark, or for the other reports of its request."""

WINDOW_BYTES = 640
"""Memory of one report in one window."""

FINISHED_BYTES = 200
"""Memory of a finished request, which is remembered so that a straggler does not open it again."""

CHECKPOINT_SHARE = 0.4
"""Memory of writing a checkpoint, as a share of what it saves."""
