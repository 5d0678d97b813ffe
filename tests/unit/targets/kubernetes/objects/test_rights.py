"""Missing rights are found by the rules of a user, and by a question where these rules say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from rohe_iac.targets.kubernetes.api_server import Kind
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.rights import RightsMissing, refuse_missing_rights

KINDS = (
    Kind("apps/v1", "Deployment", "deployments", True, frozenset()),
    Kind("apps/v1", "ReplicaSet", "replicasets", True, frozenset()),
    Kind("v1", "Event", "events", True, frozenset()),
    Kind("v1", "Pod", "pods", True, frozenset()),
    Kind("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", False, frozenset()),
)
DEPLOYMENT, PRIORITY_CLASS = ("apps/v1", "Deployment"), ("scheduling.k8s.io/v1", "PriorityClass")
JOB = ("batch/v1", "Job")
ADMIN = [
    {"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*"]},
    {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["events", "pods"]},
]


class Authorizer:
    """Takes the place of the API server of one user.

    Attributes:
        rules: The rules that the user is told.
        allowed: (verb, plural) of rights that are in no rule.
        asked: (verb, plural, namespace) of what was asked for by itself.
    """

    def __init__(self, rules: list[dict[str, Any]], *allowed: tuple[str, str]) -> None:
        self.rules, self.allowed = rules, allowed
        self.asked: list[tuple[str, str, str]] = []

    @property
    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        return {(kind.api_version, kind.kind): kind for kind in KINDS}

    def create(self, wanted: ClusterObject) -> ClusterObject:
        if wanted.kind == "SelfSubjectRulesReview":
            return ClusterObject({**wanted.body, "status": {"resourceRules": self.rules}})
        question = wanted.body["spec"]["resourceAttributes"]
        self.asked.append((question["verb"], question["resource"], question.get("namespace", "")))
        found = (question["verb"], question["resource"]) in self.allowed
        return ClusterObject({**wanted.body, "status": {"allowed": found}})


def test_rules_that_give_everything_are_enough() -> None:
    user = Authorizer(ADMIN)
    refuse_missing_rights(cast(Any, user), "edge", {DEPLOYMENT})
    assert user.asked == []


def test_what_no_rule_gives_is_asked_for_and_named() -> None:
    named = [{"verbs": ["*"], "apiGroups": ["scheduling.k8s.io"], "resources": ["*"], "resourceNames": ["one"]}]
    user = Authorizer([*ADMIN[:1], *named], ("list", "events"), ("watch", "events"), ("get", "priorityclasses"))
    with pytest.raises(RightsMissing) as refused:
        refuse_missing_rights(cast(Any, user), "edge", {DEPLOYMENT, PRIORITY_CLASS})
    assert refused.value.detail.splitlines() == [
        "this user may not list, create, patch, delete priorityclasses of the whole cluster",
        "this user may not list, watch pods in the namespace edge",
    ]
    assert ("list", "pods", "edge") in user.asked
    assert ("get", "priorityclasses", "") in user.asked


def test_jobs_are_watched_where_the_plan_has_any() -> None:
    class WithJobs(Authorizer):
        @property
        def kinds(self) -> Mapping[tuple[str, str], Kind]:
            return {**super().kinds, JOB: Kind(*JOB, "jobs", True, frozenset())}

    user = WithJobs(ADMIN)
    refuse_missing_rights(cast(Any, user), "edge", {DEPLOYMENT})
    with pytest.raises(RightsMissing) as refused:
        refuse_missing_rights(cast(Any, user), "edge", {DEPLOYMENT, JOB})
    assert (
        refused.value.detail == "this user may not get, list, watch, create, patch, delete jobs in the namespace edge"
    )
