"""Objects are found by name and owner, and a change wakes those who wait for it and nobody else."""

from __future__ import annotations

from typing import Any

from rohe_iac.targets.kubernetes.readiness.stack_objects import (
    DEPLOYMENTS,
    EVENTS,
    NODES,
    PODS,
    REPLICA_SETS,
    StackObjects,
)


def _item(name: str, uid: str = "", owner: str = "", instance: str = "", **more: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "uid": uid or name}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner}]
    if instance:
        metadata["labels"] = {"rohe.dev/instance": instance}
    return {"metadata": metadata, **more}


def _stack() -> StackObjects:
    objects = StackObjects()
    objects.put(DEPLOYMENTS, _item("camera-0", "d1", instance="camera-0"))
    objects.put(REPLICA_SETS, _item("camera-0-a", "r1", "d1", "camera-0"))
    objects.put(PODS, _item("camera-0-a-x", "p1", "r1", "camera-0"))
    objects.put(PODS, _item("store-0-a-x", "p2", "r2", "store-0"))
    objects.put(NODES, _item("n1"))
    return objects


def _warning(name: str, about: str, time: str) -> dict[str, Any]:
    return _item(name, involvedObject={"name": about}, lastTimestamp=time, reason=name)


def test_an_instance_has_what_its_deployment_owns() -> None:
    found = _stack().observed("camera-0", "n1")
    assert [item["metadata"]["name"] for item in found.pods] == ["camera-0-a-x"]
    assert found.node is not None
    assert _stack().observed("camera-1", "n2").deployment is None


def test_warnings_are_in_the_order_of_their_time() -> None:
    objects = _stack()
    objects.put(EVENTS, _warning("Second", "camera-0-a-x", "2026-01-01T00:00:02Z"))
    objects.put(EVENTS, _warning("First", "camera-0", "2026-01-01T00:00:01Z"))
    objects.put(EVENTS, _warning("Other", "store-0-a-x", "2026-01-01T00:00:01Z"))
    assert [event["reason"] for event in objects.observed("camera-0", "n1").events] == ["First", "Second"]


def test_a_removed_object_is_forgotten_everywhere() -> None:
    objects = _stack()
    objects.put(EVENTS, _warning("First", "camera-0", "2026-01-01T00:00:01Z"))
    objects.remove(PODS, _item("camera-0-a-x"))
    objects.remove(EVENTS, _item("First"))
    found = objects.observed("camera-0", "n1")
    assert (found.pods, found.events) == ((), [])
    objects.replace(REPLICA_SETS, [])
    assert objects.observed("camera-0", "n1").replica_sets == ()


def test_a_change_wakes_those_who_wait_for_its_instance_or_node() -> None:
    objects = _stack()
    with objects.subscribed(["camera-0"], ["n1"]) as mine, objects.subscribed(["store-0"], ["n2"]) as other:
        objects.put(PODS, _item("camera-0-a-x", "p1", "r1", "camera-0"))
        assert (mine.is_set(), other.is_set()) == (True, False)
        mine.clear()
        objects.put(EVENTS, _warning("First", "store-0-a-x", "2026-01-01T00:00:01Z"))
        assert (mine.is_set(), other.is_set()) == (False, True)
        objects.put(NODES, _item("n1"))
        assert mine.is_set()
        other.clear()
        objects.wake_all()
        assert other.is_set()
    mine.clear()
    objects.replace(PODS, [])
    assert not mine.is_set()
