"""What users may do who have not all rights: with `admin` in one namespace a stack, as an observer its status."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from shop import INSTANCES

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine

PAGE = Path(__file__).parents[3] / "docs" / "targets" / "kubernetes" / "rights.md"
"""The page with the ClusterRole that operators need beside `admin` in the namespace of a stack."""


def test_who_has_admin_in_one_namespace_applies_sees_changes_and_destroys(shop: Shop) -> None:
    shop.cluster.kubectl("create", "namespace", shop.namespace)
    operator = _user(shop, "operator")
    _bind(shop, "operator", "clusterrole=admin")
    shop.run("apply", "--yes", KUBECONFIG=operator)
    assert shop.names("deployments") == INSTANCES
    status = json.loads(shop.run("status", "-o", "json", KUBECONFIG=operator).stdout)
    assert status["serial"] == 1
    assert "No change" in shop.run("apply", "--yes", KUBECONFIG=operator).stdout
    shop.write(tag="2")
    half = _user(shop, "half")
    kinds = "deployments,replicasets,services,networkpolicies,poddisruptionbudgets,roles,rolebindings,serviceaccounts"
    named = (
        "role",
        "half",
        "-n",
        shop.namespace,
        "--verb=*",
        f"--resource={kinds},namespaces,leases,events,secrets,configmaps",
    )
    shop.cluster.kubectl("create", *named)
    _bind(shop, "half", "role=half")
    refused = shop.run("apply", "--yes", "--allow-interruption", code=10, KUBECONFIG=half).stderr
    assert "pods" in refused, refused
    assert {item["metadata"]["generation"] for item in shop.cluster.objects("deployments", shop.namespace)} == {1}
    shop.run("apply", "--yes", "--allow-interruption", KUBECONFIG=operator)
    shop.run("destroy", "--yes", KUBECONFIG=operator)
    assert shop.names("deployments,services,networkpolicies,roles,rolebindings,serviceaccounts") == []
    assert shop.exists()


def test_the_role_of_the_documentation_is_enough_for_agents_and_priorities(shop: Shop) -> None:
    _observe(shop, priority=7)
    shop.cluster.kubectl("create", "namespace", shop.namespace)
    operator = _user(shop, "operator")
    _bind(shop, "operator", "clusterrole=admin")
    refused = shop.run("apply", "--yes", code=10, KUBECONFIG=operator).stderr
    assert "this user may not get, list, create, patch, delete priorityclasses of the whole cluster" in refused
    assert "docs/targets/kubernetes/rights.md" in refused

    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    role = yaml.safe_load(text)
    role["metadata"]["name"] = name = f"rohe-{shop.namespace}"
    shop.cluster.kubectl("apply", "-f", "-", text=json.dumps(role))
    subject = f"--serviceaccount={shop.namespace}:operator"
    try:
        shop.cluster.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", subject)
        shop.run("apply", "--yes", KUBECONFIG=operator)
        assert any(shop.namespace in item for item in _priority_classes(shop))
        shop.run("destroy", "--yes", KUBECONFIG=operator)
        assert not any(shop.namespace in item for item in _priority_classes(shop))
    finally:
        shop.cluster.kubectl("delete", "clusterrole,clusterrolebinding", name)


def test_observers_see_the_status_of_a_stack_and_change_nothing(shop: Shop) -> None:
    _observe(shop, priority=7)
    shop.run("apply", "--yes")
    observer = _user(shop, "observer")
    _bind(shop, "observer", "role=rohe-shop-observers")
    seen = json.loads(shop.run("status", "-o", "json", KUBECONFIG=observer).stdout)
    assert [part["instance"] for part in seen["parts"] if part["instance"] == "back-0"] == ["back-0"]
    assert seen["obstacles"] == []
    shop.run("logs", "service/shop:back", KUBECONFIG=observer)

    shop.cluster.kubectl("scale", "deployment", "back-0", "--replicas=2", "-n", shop.namespace)
    seen = json.loads(shop.run("status", "-o", "json", KUBECONFIG=observer).stdout)
    assert any("spec.replicas is 2" in sentence for sentence in seen["obstacles"])

    rules = [{"apiGroups": ["apps", ""], "resources": ["deployments", "pods"], "verbs": ["get", "list"]}]
    patch = json.dumps({"rules": rules})
    shop.cluster.kubectl("patch", "role", "rohe-shop-observers", "-n", shop.namespace, "--type=merge", "-p", patch)
    seen = json.loads(shop.run("status", "-o", "json", KUBECONFIG=observer).stdout)
    assert any("are not compared with the plan" in sentence for sentence in seen["obstacles"])
    shop.run("destroy", "--yes", code=10, KUBECONFIG=observer)
    assert "back-0" in shop.names("deployments")


def _user(shop: Shop, name: str) -> str:
    """Makes a service account and returns a kubeconfig with its token."""
    shop.cluster.kubectl("create", "serviceaccount", name, "-n", shop.namespace)
    token = shop.cluster.kubectl("create", "token", name, "-n", shop.namespace).stdout.strip()
    return str(shop.cluster.kubeconfig_with(token=token))


def _bind(shop: Shop, name: str, role: str) -> None:
    subject = f"--serviceaccount={shop.namespace}:{name}"
    shop.cluster.kubectl("create", "rolebinding", f"test-{name}", f"--{role}", subject, "-n", shop.namespace)


def _priority_classes(shop: Shop) -> list[str]:
    found = json.loads(shop.cluster.kubectl("get", "priorityclasses", "-o", "json").stdout)
    return [item["metadata"]["name"] for item in found["items"]]


def _observe(shop: Shop, *, priority: int) -> None:
    """Writes the blueprint with services that report, so that the stack has a broker, credentials and claims."""
    shop.write(backs=1)
    path = shop.root / "blueprints" / "all.yaml"
    documents = list(yaml.safe_load_all(path.read_text()))
    for document in documents:
        for service in document["spec"].get("services", ()):
            service["reports"] = {}
            service["priority"] = priority
    path.write_text(yaml.safe_dump_all(documents))
