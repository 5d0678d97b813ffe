"""Types of the amounts that are free on a node."""

from __future__ import annotations

Row = tuple[int, ...]
"""Amounts by core or device of one node."""

Free = tuple[int, int, int, Row, Row]
"""What is free on a node: cpu, rss and vms, cores largest first, devices."""

CoreStep = tuple[tuple[tuple[int, int], ...], Row, Row]
