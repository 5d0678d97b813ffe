"""Which cluster a context leads to, and who applied the stack that is in its namespace."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from stored_objects import StoredObjects

from rohe_iac.deployment.location import FoundStack, Location
from rohe_iac.targets.kubernetes.cluster import ClusterRefused
from rohe_iac.targets.kubernetes.locking.lease import APPLIED_AT, APPLIED_BY, StackLease
from rohe_iac.targets.kubernetes.object import PROJECT, ClusterObject
from rohe_iac.targets.kubernetes.objects.identity import found_stack, location_of

PLACE = "the namespace edge of the cluster of the context lab"
CONFIGURATION = SimpleNamespace(context_name="lab", cluster=SimpleNamespace(server="https://10.0.0.1:6443"))
CLIENT = cast(Any, SimpleNamespace(config=CONFIGURATION))
WORDS = "the cluster of the context lab (https://10.0.0.1:6443)"


class ClosedObjects(StoredObjects):
    """A server that lets a user see nothing by name."""

    def get(self, key: tuple[str, str, str, str]) -> ClusterObject | None:
        raise ClusterRefused("it is forbidden")


@pytest.fixture
def server() -> StoredObjects:
    return StoredObjects()


def found(server: StoredObjects) -> FoundStack | None:
    deployments = tuple(item for item in server.objects.values() if item.kind == "Deployment")
    return found_stack(StackLease(cast(Any, server), "edge", "shop"), deployments, PLACE)


def test_a_cluster_is_known_by_the_uid_of_kube_system(server: StoredObjects) -> None:
    server.add("Namespace", "kube-system", uid="1111")
    assert location_of(cast(Any, server), CLIENT) == Location("1111", WORDS)


def test_a_cluster_whose_namespaces_a_user_may_not_get_has_no_id() -> None:
    assert location_of(cast(Any, ClosedObjects()), CLIENT) == Location("", WORDS)


def test_the_lease_says_who_applied_a_stack_last(server: StoredObjects) -> None:
    assert found(server) is None
    server.add("Deployment", "front-0", "edge", labels={PROJECT: "market"})
    assert found(server) == FoundStack("market", PLACE, "")
    marks = {APPLIED_BY: "ann@pc-7", APPLIED_AT: "2026-11-29T21:30:07Z"}
    server.add("Lease", "rohe-shop", "edge", annotations=marks)
    assert found(server) == FoundStack("market", PLACE, "ann@pc-7 on 2026-11-29 at 21:30 UTC")


def test_who_may_not_see_the_lease_is_told_of_the_stack_all_the_same() -> None:
    server = ClosedObjects()
    server.add("Deployment", "front-0", "edge", labels={PROJECT: "market"})
    assert found(server) == FoundStack("market", PLACE, "")
