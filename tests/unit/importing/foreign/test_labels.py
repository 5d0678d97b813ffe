"""Labels of services are those that Kubernetes takes and that rohe does not set."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import Importer, dropped, field_of, reasons

from rohe_iac.importing.foreign.labels import IN_CLEAR, NO_LABEL, OWN, add_labels

LABELS = {"app": "shop", "app.kubernetes.io/name": "shop", "rohe.dev/stack": "s", "-bad": "x", "long": "v" * 64}
LEFT_OUT = {"app.kubernetes.io/name": OWN, "rohe.dev/stack": OWN, "-bad": NO_LABEL, "long": NO_LABEL}


def test_labels_that_nobody_may_set_are_dropped() -> None:
    field = field_of(LABELS)
    service: dict[str, Any] = {}
    add_labels([(key, part.raw, part) for key, part in field.entries()], service, "services.web")
    assert service == {"labels": {"app": "shop"}}
    assert sorted(dropped(field).values()) == sorted(LEFT_OUT.values())


@pytest.mark.parametrize("key", LEFT_OUT)
def test_compose_and_kubernetes_have_the_same_rules(import_contents: Importer, key: str) -> None:
    labels = {"app": "shop", key: LABELS[key]}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "w"}, "spec": {"template": pod}}
    for content in (deployment, {"services": {"w": {"image": "a:1", "labels": labels}}}):
        result = import_contents(content)
        assert result.documents[0]["spec"]["services"][0]["labels"] == {"app": "shop"}
        assert [reason for field, reason in reasons(result).items() if field.endswith(key)] == [LEFT_OUT[key]]


@pytest.mark.parametrize(
    ("key", "value"), [("secret.token", "hunter2a"), ("note", "ghp_abcdefghijklmnopqrstuvwxyz0123")]
)
def test_a_label_that_looks_like_a_secret_is_noted(key: str, value: str) -> None:
    field = field_of({"app": "shop", key: value})
    add_labels([(name, part.raw, part) for name, part in field.entries()], {}, "services.web")
    noted = [text for _, text in field.journal.notes]
    assert noted == [IN_CLEAR.format(key)]
    assert value not in noted[0]
