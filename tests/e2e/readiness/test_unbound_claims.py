"""A claim that nobody binds is told while apply waits for it, and ends the wait where nobody ever will."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine


def test_a_storage_class_that_is_not_there_is_named_and_can_be_corrected(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    stack.observed, stack.stack = True, {"storage": {"claim": {"class": "nowhere"}}}
    stack.write()
    (failure,) = stack.apply(code=9)["failed"]
    claim = f"claim rohe-broker-0.{stack.nodes[0]} is not bound: "
    assert failure["address"] == "broker/broker"
    assert failure["reason"].startswith(claim + 'storageclass.storage.k8s.io "nowhere" not found; name a class')

    stack.stack = {"storage": {"claim": {"class": "folder"}}}
    stack.write()
    assert stack.apply("--allow-interruption")["ending"] == "complete"
    found = stack.cluster.objects("persistentvolumeclaims", stack.namespace)
    assert {(item["spec"]["storageClassName"], item["status"]["phase"]) for item in found} == {("folder", "Bound")}

    stack.stack = {"storage": {"claim": {"class": "other", "size": "2Gi"}}}
    stack.write()
    refused = stack.run("apply", "--yes", "--allow-interruption", code=5).stderr
    assert "claims cannot be changed as the plan asks, so nothing was changed" in refused
    assert "its storageClassName is folder, and the plan says other; its size is 1Gi, and its class folder" in refused

    stack.stack = {"storage": {"emptyDir": {}}}
    stack.write()
    claims = len(found)
    assert f"{claims} to retain" in stack.run("plan").stdout
    outcome = stack.apply("--allow-interruption")
    assert [name for name in outcome["deleted"] if "claim" in name] == []
    assert len(stack.cluster.objects("persistentvolumeclaims", stack.namespace)) == claims


def test_what_is_waited_for_is_told_until_it_is_removed(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    idle = {"provisioner": "example.com/idle", "volumeBindingMode": "Immediate"}
    storage: dict[str, Any] = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", **idle}
    document = json.dumps({**storage, "metadata": {"name": stack.namespace}})
    stack.cluster.kubectl("apply", "-f", "-", text=document)
    stack.observed, stack.stack = True, {"storage": {"claim": {"class": stack.namespace}}}
    stack.write()
    apply = stack.start("apply", "--yes")
    try:
        assert apply.stderr is not None
        line = next((line for line in apply.stderr if " waits: claim " in line), "")
        claim = f"rohe-broker-0.{stack.nodes[0]}"
        assert f"broker/broker waits: claim {claim} is not bound: Waiting for a volume to be created" in line
        # Nobody waits for what is not there any more.
        stack.cluster.kubectl("delete", "deployment", "rohe-broker-0", "-n", stack.namespace)
        _, rest = apply.communicate(timeout=60)
    finally:
        apply.kill()
        stack.cluster.kubectl("delete", "-f", "-", text=document)
    assert "its Deployment is not in the cluster any more; `rohe apply` makes it again" in rest
    assert apply.returncode == 9
