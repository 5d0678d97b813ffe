"""Planned nodes: the nodes that plans gave each instance, kept beside the store.

A replica that a new plan moves leaves reports behind that name its former node; they were accepted, and so they count.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rohe_iac.foundation.folders import write_private
from rohe_iac.observation.configuration import Instance

LOG = logging.getLogger("rohe.agent")

FILE = "nodes.json"
"""Name of the file."""

MAX_NODES = 8
"""Nodes that are remembered of each instance, the newest last."""


def remember_nodes(folder: Path, instances: Iterable[Instance]) -> dict[str, list[str]]:
    """Adds the nodes of a plan to those of earlier plans, and returns all of them by instance.

    Args:
        folder: Folder of the agent's store.
        instances: Instances as they are planned now.
    """
    path = folder / FILE
    try:
        before = msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])
    except (OSError, msgspec.DecodeError):
        before = {}
    after: dict[str, list[str]] = {}
    for instance in instances:
        nodes = [node for node in before.get(instance.instance, []) if node != instance.node]
        after[instance.instance] = [*nodes, *([instance.node] if instance.node else [])][-MAX_NODES:]
    if after != before:
        try:
            write_private(path, msgspec.json.encode(after))
        except OSError as error:
            LOG.warning("cannot write %s: %s", path, error.strerror)
    return after
