"""A replica that comes to a full node takes the room of one that the same plan removes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine

SMALL = {"requests": {"cpu": "100m", "memory": {"rss": "16Mi"}}, "terminationGracePeriod": "1s"}
LARGE = {**SMALL, "requests": {"cpu": "3", "memory": {"rss": "16Mi"}}}
"""A node of four cores has room for one replica of it."""


def instances(stack: Cameras) -> set[str]:
    """The instances that have a pod which is not being deleted."""
    pods = stack.cluster.objects("pods", stack.namespace)
    return {
        pod["metadata"]["labels"]["rohe.dev/instance"] for pod in pods if "deletionTimestamp" not in pod["metadata"]
    }


def test_a_removed_replica_goes_first_where_its_room_is_needed(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(cpu="4")
    stack.write(alone=LARGE)
    stack.apply()
    stack.write(alone=None, fresh=LARGE)
    done = stack.run("apply", "--yes")
    assert "alone-0 is removed first" in done.stderr
    assert instances(stack) == {"camera-0", "detect-0", "store-0", "fresh-0"}
    # One that grows where it is needs the room as much as one that is new.
    stack.write(fresh=None, store=LARGE)
    done = stack.run("apply", "--yes", "--allow-interruption")
    assert "fresh-0 is removed first" in done.stderr
    assert instances(stack) == {"camera-0", "detect-0", "store-0"}
    assert set(stack.states().values()) == {"running"}
    assert "No change" in stack.run("apply", "--yes").stdout


def test_a_removed_replica_stays_until_the_new_one_is_ready_where_both_have_room(
    cameras: Callable[..., Cameras],
) -> None:
    stack = cameras(cpu="8")
    stack.of_nodes = {stack.nodes[0]: {"cpu": "8"}}
    stack.write(alone=LARGE)
    stack.apply()
    stack.write(alone=None, fresh=LARGE)
    done = stack.run("apply", "--yes")
    assert "removed first" not in done.stderr
    assert instances(stack) == {"camera-0", "detect-0", "store-0", "fresh-0"}
