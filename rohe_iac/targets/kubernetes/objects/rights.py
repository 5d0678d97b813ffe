"""Rights: what a user may do with the kinds of a stack, asked before anything is changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.object import ClusterObject

API = "authorization.k8s.io/v1"
"""Group and version of the questions what this user may do (Kubernetes documentation, "Authorization")."""

WATCHED = (("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("v1", "Event"), ("v1", "Pod"))
"""The kinds that have to be watched to know what is ready."""

WATCHED_WHERE_PLANNED = (("batch/v1", "Job"),)
"""The kinds of which the same holds where the plan has objects of them."""

WATCH, WRITE = ("list", "watch"), ("get", "list", "create", "patch", "delete")
"""What is done with objects that are watched, and with those of the plan."""

VERBS = ("get", "list", "watch", "create", "patch", "delete")
"""All of these, in the order in which messages name them."""

Right = tuple[str, str, str]
"""A verb, and group and version and kind of the objects."""


class RightsMissing(RoheError):
    """This user may not do what an apply has to."""

    exit_code = ExitCode.UNREACHABLE


def refuse_missing_rights(server: ApiServer, namespace: str, kinds: Iterable[tuple[str, str]]) -> None:
    """Raises where this user may not make the objects of a plan, or not watch what becomes of them.

    One question gives the user's rules in the namespace. An authorizer may keep rules to itself, so that each right
    that is in none of them is asked for by itself.

    Args:
        server: The API server.
        namespace: The namespace of the stack.
        kinds: Group and version, and kind, of the objects of the plan.

    Raises:
        RightsMissing: Rights are missing; the detail names each.
    """
    wanted = frozenset(kinds)
    watched = (*WATCHED, *(kind for kind in WATCHED_WHERE_PLANNED if kind in wanted))
    needed = {(verb, *kind) for kind in watched for verb in WATCH} | {
        (verb, *kind) for kind in wanted for verb in WRITE
    }
    rules = _answer(server, "SelfSubjectRulesReview", {"namespace": namespace}).get("resourceRules") or ()
    unruled = [right for right in sorted(needed) if right[1:] in server.kinds and not _is_ruled(server, right, rules)]
    missing = [right for right in unruled if not _has(server, namespace, right)]
    if missing:
        raise RightsMissing(
            f"{counted(len(missing), 'right')} that apply needs {'are' if len(missing) > 1 else 'is'} missing, so "
            "nothing was changed",
            detail="\n".join(_lines(server, namespace, missing)),
            hint="ask who runs the cluster for them: docs/targets/kubernetes/rights.md has a ClusterRole with all; "
            f"`kubectl auth can-i --list -n {namespace}` lists those there are",
        )


def _is_ruled(server: ApiServer, right: Right, rules: Collection[Mapping[str, Any]]) -> bool:
    """Checks whether one of a user's rules gives a right to all objects of the kind."""
    verb, api_version, kind = right
    group = api_version.rpartition("/")[0]
    plural = server.kinds[api_version, kind].plural
    return any(
        {verb, "*"} & {*rule.get("verbs", ())}
        and {group, "*"} & {*rule.get("apiGroups", ())}
        and {plural, "*"} & {*rule.get("resources", ())}
        and not rule.get("resourceNames")
        for rule in rules
    )


def _has(server: ApiServer, namespace: str, right: Right) -> bool:
    verb, api_version, kind = right
    found = server.kinds[api_version, kind]
    attributes = {"verb": verb, "group": api_version.rpartition("/")[0], "resource": found.plural}
    attributes |= {"namespace": namespace} if found.namespaced else {}
    return bool(_answer(server, "SelfSubjectAccessReview", {"resourceAttributes": attributes}).get("allowed"))


def _answer(server: ApiServer, kind: str, question: Mapping[str, Any]) -> Mapping[str, Any]:
    body = {"apiVersion": API, "kind": kind, "metadata": {}, "spec": question}
    answer: Mapping[str, Any] = server.create(ClusterObject(body)).body.get("status") or {}
    return answer


def _lines(server: ApiServer, namespace: str, missing: Collection[Right]) -> list[str]:
    """Returns a sentence a kind: what this user may not do with its objects."""
    lines = []
    for key in sorted({right[1:] for right in missing}):
        kind = server.kinds[key]
        verbs = ", ".join(verb for verb in VERBS if (verb, *key) in missing)
        where = f"in the namespace {namespace}" if kind.namespaced else "of the whole cluster"
        lines.append(f"this user may not {verbs} {kind.plural} {where}")
    return lines
