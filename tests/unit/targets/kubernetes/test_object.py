"""Objects of manifests, and what the engine is told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.object import UnreadableObject, engine_inputs, object_of

TEXT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: back-0, namespace: edge, annotations: {a: b}}\nspec: {}\n"
)


def test_an_object_is_named_by_group_kind_namespace_and_name() -> None:
    found = object_of(Manifest("deployment-back-0", "Deployment", "replica/back/0", TEXT))
    assert found.key == ("apps/v1", "Deployment", "edge", "back-0")
    assert str(found) == "deployment/back-0"


def test_the_engine_gets_the_object_with_annotations_that_the_manifest_does_not_have() -> None:
    manifest = Manifest("deployment-back-0", "Deployment", "replica/back/0", TEXT)
    found = object_of(manifest)
    inputs = engine_inputs(found, "edge", "market", "shop", manifest)
    assert inputs["metadata"]["annotations"] == {
        "a": "b",
        "pulumi.com/skipAwait": "true",
        "pulumi.com/patchFieldManager": "rohe",
        "pulumi.com/deletionPropagationPolicy": "background",
        "rohe.dev/manifest": manifest.sha256,
    }
    assert found.body["metadata"]["annotations"] == {"a": "b"}
    labels = inputs["metadata"]["labels"]
    assert labels["rohe.dev/project"] == "market"
    # An object of a user's own template without labels is found by the sweep, too.
    assert (labels["app.kubernetes.io/managed-by"], labels["rohe.dev/stack"]) == ("rohe", "shop")


def test_a_pod_carries_the_serial_and_the_digest_of_its_manifest_once_it_is_applied() -> None:
    text = yaml.safe_dump({**yaml.safe_load(TEXT), "spec": {"template": {"metadata": {"annotations": {"c": "d"}}}}})
    manifest = Manifest("deployment-back-0", "Deployment", "replica/back/0", text, serial=7)
    inputs = engine_inputs(object_of(manifest), "edge", "market", "shop", manifest)
    marks = {"c": "d", "rohe.dev/serial": "7", "rohe.dev/digest": manifest.digest}
    assert inputs["spec"]["template"]["metadata"]["annotations"] == marks
    planned = replace(manifest, serial=0)
    assert engine_inputs(object_of(planned), "edge", "market", "shop", planned)["spec"] == yaml.safe_load(text)["spec"]


@pytest.mark.parametrize("text", ["", "kind: Pod\n", "apiVersion: v1\nkind: Pod\nmetadata: {}\n", "a: ["])
def test_a_text_that_is_no_object_is_refused_with_the_name_of_its_manifest(text: str) -> None:
    with pytest.raises(UnreadableObject, match="the manifest m-1 is no object"):
        object_of(Manifest("m-1", "Pod", "replica/x/0", text))


def test_a_job_carries_the_serial_itself_because_its_template_never_changes() -> None:
    body = {**yaml.safe_load(TEXT), "apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"metadata": {}}}}
    manifest = Manifest("job-back-0", "Job", "replica/back/0", yaml.safe_dump(body), serial=7)
    inputs = engine_inputs(object_of(manifest), "edge", "market", "shop", manifest)
    assert inputs["spec"]["template"]["metadata"]["annotations"] == {"rohe.dev/digest": manifest.digest}
    assert inputs["metadata"]["annotations"]["rohe.dev/serial"] == "7"
