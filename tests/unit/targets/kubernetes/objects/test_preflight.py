"""What is found before an apply changes anything: kinds and nodes that the cluster does not have."""

from __future__ import annotations

from typing import Any, cast

import pytest
from stored_objects import StoredObjects

from rohe_iac.foundation.errors import ExitCode
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.preflight import (
    KindUnknown,
    NodeGone,
    refuse_absent_nodes,
    refuse_unknown_kinds,
)


def planned(kind: str, api_version: str, node: str = "") -> tuple[Manifest, ClusterObject]:
    metadata: dict[str, Any] = {"name": "a", "annotations": {"rohe.dev/node": node} if node else {}}
    found = ClusterObject({"apiVersion": api_version, "kind": kind, "metadata": metadata})
    return Manifest("a", kind, "replica/p:a/0", "text", workload="service/p:a" if node else ""), found


def test_a_kind_that_the_cluster_does_not_know_is_named_with_what_needs_it() -> None:
    server = cast(Any, StoredObjects())
    refuse_unknown_kinds(server, [planned("Pod", "v1")])
    with pytest.raises(KindUnknown) as raised:
        refuse_unknown_kinds(server, [planned("Pod", "v1"), planned("Widget", "example.com/v1")])
    assert raised.value.detail == "Widget (example.com/v1), for replica/p:a/0"
    assert raised.value.exit_code is ExitCode.UNREACHABLE


def test_a_planned_node_that_is_not_there_makes_the_plan_stale_unless_nodes_are_not_known() -> None:
    node = ClusterObject({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
    here, gone = planned("Deployment", "apps/v1", "n1"), planned("Deployment", "apps/v1", "n2")
    refuse_absent_nodes([node], [here])
    refuse_absent_nodes(None, [gone])
    with pytest.raises(NodeGone) as raised:
        refuse_absent_nodes([node], [here, gone])
    assert raised.value.detail == "n2, for replica/p:a/0"
    assert raised.value.exit_code is ExitCode.STALE
