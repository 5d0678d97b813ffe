"""A stack on two simulated nodes, for the command line with the real engine and the real provider."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rohe_iac.trial_cluster.nodes import simulated_node

# The tests are collected without packages, so the modules that they share are imported from this folder.
sys.path.insert(0, str(Path(__file__).parent))

from shop import Shop

if TYPE_CHECKING:
    from shared_cluster import Cluster


@pytest.fixture
def shop(cluster_engine: None, cluster: Cluster, tmp_path: Path) -> Shop:
    """A stack that is not applied yet."""
    unique = cluster.namespace(create=False)
    first, second = f"{unique}-a", f"{unique}-b"
    cluster.add_nodes(simulated_node(first), simulated_node(second))
    found = Shop(cluster, tmp_path / "market", tmp_path / "state", unique, (first, second))
    found.write()
    return found
