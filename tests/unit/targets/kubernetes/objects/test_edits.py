"""Edits: what others changed of what rohe wrote, as the API server recorded who set each field."""

from __future__ import annotations

import copy
from typing import Any

from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.edits import edits_of

BODY: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "back-0", "namespace": "edge", "labels": {"rohe.dev/stack": "shop"}},
    "spec": {
        "replicas": 1,
        "template": {
            "spec": {
                "volumes": [],
                "containers": [
                    {
                        "name": "back",
                        "image": "back:1",
                        "args": [],
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                        "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
                    }
                ],
            }
        },
    },
}
WANTED = ClusterObject(BODY)
CONTAINER = 'k:{"name":"back"}'


def live(*entries: dict[str, Any], **container: Any) -> ClusterObject:
    """Returns the object with fields of its container changed, and who set which fields."""
    body = copy.deepcopy(BODY)
    body["spec"]["template"]["spec"]["containers"][0].update(container)
    body["spec"]["template"]["spec"].pop("volumes")
    body["metadata"]["managedFields"] = list(entries)
    return ClusterObject(body)


def entry(manager: str, fields: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    template = {"f:spec": {"f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, **fields}}}}}}
    more = {"subresource": subresource} if subresource else {}
    return {"manager": manager, "operation": "Update", "time": "2026-01-02T03:04:05Z", "fieldsV1": template, **more}


def sentences(found: ClusterObject, applied: ClusterObject | None = WANTED) -> list[str]:
    return [str(edit) for edit in edits_of(WANTED, applied, found, "replica/shop:back/0")]


def test_a_changed_field_is_named_with_who_changed_it() -> None:
    found = live(entry("kubectl-edit", {"f:image": {}}), image="back:hotfix")
    assert sentences(found) == [
        "deployment/back-0: spec.template.spec.containers[back].image is back:hotfix, set by kubectl-edit; "
        "the plan says back:1"
    ]


def test_an_item_of_a_list_is_found_by_its_key() -> None:
    found = live(
        entry("kubectl-set", {"f:env": {'k:{"name":"B"}': {".": {}, "f:value": {}}}}),
        env=[{"name": "A", "value": "1"}, {"name": "B", "value": "3"}],
    )
    assert [text.partition(",")[0] for text in sentences(found)] == [
        "deployment/back-0: spec.template.spec.containers[back].env[B].value is 3"
    ]


def test_a_removed_item_is_an_edit_where_it_was_applied() -> None:
    found = live(entry("kubectl-edit", {"f:stdin": {}}), env=[{"name": "A", "value": "1"}])
    assert [text.partition(",")[0] for text in sentences(found)] == [
        "deployment/back-0: spec.template.spec.containers[back].env[B] was removed"
    ]
    assert sentences(found, applied=None) == []


def test_what_others_added_or_set_to_the_planned_value_is_no_edit() -> None:
    added = entry("kubectl-edit", {"f:env": {'k:{"name":"C"}': {".": {}, "f:value": {}}}, "f:image": {}})
    assert sentences(live(added, env=[*BODY["spec"]["template"]["spec"]["containers"][0]["env"], {"name": "C"}])) == []


def test_changes_of_rohe_and_of_the_cluster_itself_are_no_edits() -> None:
    changed = {"image": "back:2"}
    assert sentences(live(entry("rohe", {"f:image": {}}), **changed)) == []
    assert sentences(live(entry("kube-controller-manager", {"f:image": {}}), **changed)) == []
    assert sentences(live(entry("kubectl-edit", {"f:image": {}}, subresource="status"), **changed)) == []


def test_a_number_of_replicas_that_was_scaled_by_hand_is_an_edit() -> None:
    scale = {"manager": "kubectl", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    found = live(scale)
    found.body["spec"]["replicas"] = 0
    assert sentences(found) == ["deployment/back-0: spec.replicas is 0, set by kubectl; the plan says 1"]
