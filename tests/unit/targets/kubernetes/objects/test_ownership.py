"""Objects of other stacks: a plan that would take them over is refused, with each of them named."""

from __future__ import annotations

from typing import Any, cast

import pytest
from stored_objects import StoredObjects

from rohe_iac.foundation.errors import ExitCode
from rohe_iac.targets.kubernetes.objects.ownership import OfAnotherStack, refuse_objects_of_others

OWNER = {"rohe.dev/stack": "shop", "rohe.dev/project": "market", "rohe.dev/namespace": "edge"}
MANAGED = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": "shop"}


def _refuse(**labels: str) -> None:
    server = StoredObjects()
    found = server.add("ConfigMap", "settings", "edge", labels=labels)
    server.add("Deployment", "absent-from-the-plan", "edge", labels={**MANAGED, "rohe.dev/stack": "other"})
    refuse_objects_of_others(cast(Any, server), OWNER, "edge", {found.key: "agent/shop/0"})


@pytest.mark.parametrize(
    "labels",
    [
        MANAGED,
        {**MANAGED, "rohe.dev/project": "market"},
        {**MANAGED, "rohe.dev/project": "market", "rohe.dev/namespace": "edge"},
    ],
)
def test_the_stacks_own_objects_pass_with_and_without_the_labels_that_apply_adds(labels: dict[str, str]) -> None:
    _refuse(**labels)


@pytest.mark.parametrize(
    ("labels", "owner"),
    [
        ({**MANAGED, "rohe.dev/stack": "other"}, "the stack other"),
        ({**MANAGED, "rohe.dev/project": "harbour"}, "the stack shop of the project harbour"),
        ({**MANAGED, "rohe.dev/namespace": "far"}, "the stack shop in the namespace far"),
    ],
)
def test_an_object_of_another_stack_is_refused_with_its_owner(labels: dict[str, str], owner: str) -> None:
    with pytest.raises(OfAnotherStack, match="1 object of the plan would replace") as caught:
        _refuse(**labels)
    assert caught.value.detail == f"configmap/settings, for agent/shop/0: belongs to {owner}"
    assert caught.value.exit_code == ExitCode.POLICY
