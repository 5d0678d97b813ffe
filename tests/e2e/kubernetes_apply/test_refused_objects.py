"""A cluster that refuses an object which rohe makes without the engine: exit code 9 with the cluster's own words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("resource", ["secrets", "leases.coordination.k8s.io"])
def test_a_quota_is_told(shop: Shop, resource: str) -> None:
    if resource == "secrets":
        _observe(shop)
    shop.cluster.kubectl("create", "namespace", shop.namespace)
    shop.cluster.kubectl("create", "quota", "none", f"--hard=count/{resource}=0", "-n", shop.namespace)
    shop.cluster.until(lambda: _quota_counts(shop))
    done = shop.run("apply", "--yes", code=9)
    assert "exceeded quota: none" in done.stderr
    assert "next: ask for less, or for a greater quota" in done.stderr
    assert "fault of rohe" not in done.stderr
    assert shop.names("deployments") == []


@pytest.mark.parametrize("resource", ["namespaces", "leases"])
def test_a_policy_against_what_is_made_first_is_told_and_no_namespace_is_left(shop: Shop, resource: str) -> None:
    here = f"request.namespace == '{shop.namespace}' || object.metadata.name == '{shop.namespace}'"
    condition = (
        f"object.metadata.name == 'probe-{shop.namespace}' || request.resource.resource == '{resource}' && ({here})"
    )
    rule = {
        "apiGroups": ["", "coordination.k8s.io"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["namespaces", "leases"],
    }
    name = f"{shop.namespace}-policy"
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "ours", "expression": condition}],
        "validations": [{"expression": "false", "message": "not for this stack"}],
    }
    version = "admissionregistration.k8s.io/v1"
    policy = {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    binding = {
        "apiVersion": version,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    shop.cluster.kubectl("apply", "-f", "-", text=json.dumps(policy))
    shop.cluster.kubectl("apply", "-f", "-", text=json.dumps(binding))
    try:
        trial = ("create", "namespace", f"probe-{shop.namespace}", "--dry-run=server")
        assert shop.cluster.until(lambda: "denied" in shop.cluster.kubectl(*trial, check=False).stderr)
        done = shop.run("apply", "--yes", code=9)
    finally:
        shop.cluster.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)
    assert "not for this stack" in done.stderr
    assert "next: " in done.stderr
    assert not shop.exists()


def _observe(shop: Shop) -> None:
    """Has a service report, so that the stack has a broker and credentials."""
    path = shop.root / "blueprints" / "all.yaml"
    documents = list(yaml.safe_load_all(path.read_text()))
    for document in documents:
        for service in document["spec"].get("services", ()):
            service["reports"] = {}
    path.write_text(yaml.safe_dump_all(documents))


def _quota_counts(shop: Shop) -> bool:
    """Checks whether the controllers have counted what is there; quotas refuse nothing before."""
    (quota,) = shop.cluster.objects("resourcequota", shop.namespace)
    return bool(quota.get("status", {}).get("used"))
