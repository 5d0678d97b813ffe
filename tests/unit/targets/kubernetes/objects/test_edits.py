"""Edits: what others changed of what rohe wrote, as the API server recorded who set each field."""

from __future__ import annotations

import copy
from typing import Any

from rohe_iac.targets.kubernetes.object import MANIFEST, ClusterObject
from rohe_iac.targets.kubernetes.objects.edits import PlannedObject, edits_of

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


def planned(found: ClusterObject, digest: str = "d2") -> PlannedObject:
    return PlannedObject("replica/shop:back/0", found, digest)


def sentences(found: ClusterObject, applied: ClusterObject | None = WANTED) -> list[str]:
    before = planned(applied) if applied is not None else None
    return [str(edit) for edit in edits_of(planned(WANTED), before, found)]


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


def test_a_field_that_nobody_owns_any_more_is_an_edit() -> None:
    # `kubectl scale --replicas=0` takes the field from rohe, and its own entry has no field.
    found = live(entry("rohe", {"f:image": {}}))
    found.body["spec"]["replicas"] = 0
    assert sentences(found) == ["deployment/back-0: spec.replicas is 0, set by somebody; the plan says 1"]


def test_a_default_of_the_server_is_no_edit_of_a_field_that_was_not_applied() -> None:
    body = copy.deepcopy(BODY)
    body["spec"].pop("replicas")
    found = live(entry("rohe", {"f:image": {}}))
    found.body["spec"]["replicas"] = 0
    assert sentences(found, ClusterObject(body)) == []


def test_what_another_apply_wrote_is_told_field_by_field() -> None:
    added = {"f:env": {'k:{"name":"X"}': {".": {}, "f:name": {}, "f:value": {}}}, "f:image": {}}
    env = [*BODY["spec"]["template"]["spec"]["containers"][0]["env"], {"name": "X", "value": "on"}]
    found = live(entry("rohe", added), image="back:9", env=env)
    assert sentences(found) == []
    found.body["metadata"]["annotations"] = {MANIFEST: "d9"}
    assert sentences(found) == [
        "deployment/back-0: spec.template.spec.containers[back].env[X].value is on, set by another `rohe apply`; "
        "the plan does not have it",
        "deployment/back-0: spec.template.spec.containers[back].image is back:9, set by another `rohe apply`; "
        "the plan says back:1",
    ]
    assert sentences(found, applied=None) == []
    found.body["metadata"]["annotations"] = {MANIFEST: "d2"}
    assert sentences(found) == []
