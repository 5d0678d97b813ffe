"""Apply waits for pods in the order of need, and says why one will never be ready, in the words of the cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cameras import BROKEN, Cameras

pytestmark = pytest.mark.engine


def test_a_broken_image_stops_what_needs_it_and_the_good_one_is_taken_up(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    stack.write(detect={"image": BROKEN, "replicas": 2})
    outcome = stack.apply(code=9)
    (failure,) = outcome["failed"]
    assert (failure["verb"], failure["address"]) == ("await", "service/cams:detect")
    assert f"image {BROKEN} of container detect: ImagePullBackOff: " in failure["reason"]
    assert outcome["skipped"] == ["replica/cams:camera/0", "service/cams:camera"]
    assert stack.states() == {
        "alone-0": "running",
        "camera-0": "missing",
        "detect-0": "failing",
        "detect-1": "failing",
        "store-0": "running",
    }
    stack.write(detect={"replicas": 2})
    outcome = stack.apply()
    assert outcome["updated"] == ["replica/cams:detect/0", "replica/cams:detect/1"]
    assert set(stack.states().values()) == {"running"}
    assert "No change" in stack.run("apply", "--yes").stdout


def test_a_quota_is_named_with_what_it_has_left(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(create=True)
    limit = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"pods": "2"}},
    }
    stack.cluster.kubectl("apply", "-n", stack.namespace, "-f", "-", text=json.dumps(limit))
    stack.write()
    outcome = stack.apply(code=9)
    assert any("exceeded quota: small, requested: pods=1" in failure["reason"] for failure in outcome["failed"])


PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
POLICY: dict[str, Any] = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingAdmissionPolicy",
    "spec": {
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
            ]
        },
        "validations": [
            {
                "expression": "!object.spec.containers.exists(c, c.image.contains('/detect:'))",
                "message": "detectors are not allowed here",
            }
        ],
    },
}


def test_a_policy_that_denies_is_named_with_its_message(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(create=True)
    own = {"matchLabels": {"kubernetes.io/metadata.name": stack.namespace}}
    name = {"name": f"no-detectors-{stack.namespace}"}
    binding = {
        "apiVersion": POLICY["apiVersion"],
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": name,
        "spec": {
            "policyName": name["name"],
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": own},
        },
    }
    both = json.dumps({"apiVersion": "v1", "kind": "List", "items": [{**POLICY, "metadata": name}, binding]})
    stack.cluster.kubectl("apply", "-f", "-", text=both)
    try:
        probe = ("run", "detector", "--image", "registry.example/detect:1", "-n", stack.namespace, "--dry-run=server")
        assert stack.cluster.until(lambda: stack.cluster.kubectl(*probe, check=False).returncode != 0)
        stack.write()
        outcome = stack.apply(code=9)
    finally:
        stack.cluster.kubectl("delete", "-f", "-", text=both)
    (failure,) = outcome["failed"]
    assert failure["address"] == "service/cams:detect"
    assert "denied request: detectors are not allowed here" in failure["reason"]


def test_a_pod_that_fits_nowhere_is_told_in_the_scheduler_s_words(cameras: Callable[..., Cameras]) -> None:
    """The cluster has less than the inventory says: somebody else's pods, or a smaller node."""
    stack = cameras(cpu="150m")
    stack.write(alone={"requests": {"cpu": "2", "memory": {"rss": "16Mi"}}})
    outcome = stack.apply(code=9)
    reasons = {failure["address"]: failure["reason"] for failure in outcome["failed"]}
    assert "unschedulable: " in reasons["service/cams:alone"]
    assert "Insufficient cpu" in reasons["service/cams:alone"]
