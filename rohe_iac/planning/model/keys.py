"""Topology keys with a meaning of their own, and the number that stands for "no limit"."""

from __future__ import annotations

UNLIMITED = 1 << 62
"""Stands for a dimension that is not checked."""

NODE_KEY = "node"
"""The topology key whose domains are the nodes themselves."""

FAILURE_ZONE_KEY = "zone of failure"
"""The topology key whose domains fail as a whole: zones, and each node without the label by itself."""

AGENT_PREFIX = "agent/"
"""How the addresses of workloads begin whose replicas are agents; the name of their pipeline follows."""

ZONE_KEY = "zone"
"""The label that says where a node is."""
