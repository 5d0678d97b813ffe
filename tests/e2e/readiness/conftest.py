"""Cameras: a pipeline of three services on simulated nodes, for the command line with the real engine and provider."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rohe_iac.trial_cluster.nodes import simulated_node

# The tests are collected without packages, so the modules that they share are imported from this folder.
sys.path.insert(0, str(Path(__file__).parent))

from cameras import Cameras

if TYPE_CHECKING:
    from shared_cluster import Cluster


@pytest.fixture
def cameras(cluster_engine: None, cluster: Cluster, tmp_path: Path) -> Callable[..., Cameras]:
    """Returns a function that makes nodes, each by the arguments of `simulated_node`, and a blueprint for them."""

    def make(nodes: int = 1, create: bool = False, **shape: Any) -> Cameras:
        namespace = cluster.namespace(create=create)
        names = tuple(f"{namespace}-{letter}" for letter in "abc"[:nodes])
        cluster.add_nodes(*(simulated_node(name, **shape) for name in names))
        return Cameras(cluster, tmp_path, namespace, names)

    return make
