"""Parts: the replicas, agents and brokers of a stack as they are in the cluster now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from rohe_iac.deployment.ports import Live
from rohe_iac.manifests.kubernetes.labels import ADDRESS, INSTANCE
from rohe_iac.manifests.kubernetes.pod.once import DEPLOYMENT, JOB
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused
from rohe_iac.targets.kubernetes.container_state import ContainerEnd, container_states, main_container
from rohe_iac.targets.kubernetes.object import DIGEST, SERIAL, ClusterObject, newest
from rohe_iac.targets.kubernetes.readiness.ending import digest_of
from rohe_iac.targets.kubernetes.readiness.nodes import node_of


def live_parts(
    makers: Iterable[ClusterObject], pods: Iterable[ClusterObject], silent: Mapping[str, str] | None = None
) -> tuple[Live, ...]:
    """Returns every part of a stack, sorted by instance.

    Args:
        makers: The Deployments and Jobs of the stack.
        pods: The pods of the stack.
        silent: The nodes that are NotReady, each with the words of its condition.
    """
    planned: dict[str, str] = {}
    found: dict[str, list[ClusterObject]] = {}
    for pod in pods:
        found.setdefault(instance_of(pod), []).append(pod)
    parts = []
    for maker in makers:
        instance = instance_of(maker)
        planned[instance] = node_of(maker)
        parts.append(_part(instance, address_of(maker), found.pop(instance, []), maker))
    for instance, left in found.items():
        parts.append(_part(instance, address_of(left[0]), left, None))
    parts = [_on_node(part, (silent or {}).get(part.node or planned.get(part.instance, ""), "")) for part in parts]
    return tuple(sorted(parts, key=lambda part: part.instance))


def makers_of(server: ApiServer, namespace: str, selector: str) -> tuple[ClusterObject, ...]:
    """Returns the Deployments and Jobs of a stack; a user's role from before there were Jobs does not list these.

    Args:
        server: The API server.
        namespace: The namespace of the stack.
        selector: The label selector of its objects.
    """
    deployments = tuple(server.list(server.kinds["apps/v1", DEPLOYMENT], namespace, selector))
    try:
        return (*deployments, *server.list(server.kinds["batch/v1", JOB], namespace, selector))
    except ClusterRefused:
        return deployments


def instance_of(found: ClusterObject) -> str:
    """Returns the instance that a Deployment, Job or pod is for; its own name where it has no label that says so."""
    return found.labels.get(INSTANCE, found.name)


def by_instance(instances: Sequence[str], pods: Iterable[ClusterObject]) -> dict[str, list[ClusterObject]]:
    """Returns the pods of each of some instances."""
    found: dict[str, list[ClusterObject]] = {instance: [] for instance in instances}
    for pod in pods:
        found.get(instance_of(pod), []).append(pod)
    return found


def address_of(found: ClusterObject) -> str:
    """Returns the address that an object's annotation names; one made of its instance where it has none."""
    return found.annotations.get(ADDRESS) or f"replica/{instance_of(found)}"


def _on_node(part: Live, words: str) -> Live:
    """Returns a part as it is on a node that is NotReady for the reason `words`, which are "" for any other node."""
    if not words or part.state == "done":
        return part
    if part.state in ("running", "starting", "not listening", "lost") and part.node:
        return replace(part, state="lost", detail=words)
    if part.state in ("pending", "stopped"):
        return replace(part, state="pending", detail=words)
    return replace(part, detail="; ".join(filter(None, (part.detail, words))))


def _part(instance: str, address: str, pods: Sequence[ClusterObject], deployment: ClusterObject | None) -> Live:
    if deployment is not None and deployment.kind == JOB:
        return _part_once(instance, address, pods, deployment)
    if not pods:
        reason = _condition(deployment, "ReplicaFailure") if deployment is not None else {}
        if reason.get("status") == "True":
            return Live(address, instance, "failing", detail=str(reason.get("message", reason.get("reason", ""))))
        return Live(address, instance, "stopped", detail="it has no pod")
    pod = newest(pods)
    spec = pod.body["spec"]
    container = main_container(pod.body)
    state, detail = _state(pod)
    return Live(
        address=address,
        instance=instance,
        state=state,
        where=pod.name,
        node=str(spec.get("nodeName", "")),
        restarts=container.restarts,
        began=_seconds(container.started),
        detail=detail,
        last_end=_end(container.last_end, spec),
        ended=_seconds(container.last_end.finished) if container.last_end is not None else 0.0,
        serial=int(serial) if (serial := pod.annotations.get(SERIAL, "")).isdecimal() else 0,
        digest=pod.annotations.get(DIGEST, ""),
    )


def _part_once(instance: str, address: str, pods: Sequence[ClusterObject], job: ClusterObject) -> Live:
    """Returns the part of a Job, which stays what it is when its pod is gone."""
    part = _part(instance, address, pods, None) if pods else Live(address, instance, "starting", detail="it has no pod")
    serial = job.annotations.get(SERIAL, "")
    part = replace(part, serial=int(serial) if serial.isdecimal() else 0, digest=digest_of(job.body))
    if _condition(job, "Complete").get("status") == "True":
        return replace(part, state="done", detail="", last_end="")
    failure = _condition(job, "Failed")
    if failure.get("status") == "True":
        return replace(part, state="failed", detail=part.last_end or (part.detail if pods else "") or _words(failure))
    return part


def _state(pod: ClusterObject) -> tuple[str, str]:
    """Returns the state of a pod in the words of this machine's, and why it is in it."""
    status = pod.body.get("status") or {}
    if pod.is_ending:
        return "stopping", "its pod is being deleted"
    phase = status.get("phase")
    if phase in ("Failed", "Succeeded"):
        return ("failing" if phase == "Failed" else "stopped"), _words(status)
    scheduled = _condition(pod, "PodScheduled")
    if not pod.body["spec"].get("nodeName"):
        return "pending", str(scheduled.get("message") or "the scheduler has not looked at it yet")
    ready = _condition(pod, "Ready")
    if ready.get("status") == "True":
        return "running", ""
    if status.get("reason") == "NodeLost" or ready.get("status") == "Unknown":
        return "lost", f"its node {pod.body['spec']['nodeName']} does not answer"
    waiting = [state for state in container_states(pod.body) if state.waits_for]
    failed = [state for state in waiting if state.has_failed]
    if waiting:
        state = (failed or waiting)[0]
        words = ": ".join(filter(None, (state.waits_for, state.message)))
        return ("failing" if failed else "starting"), words
    started = main_container(pod.body).started
    if started and _seconds(ready.get("lastTransitionTime")) > _seconds(started):
        return "not listening", str(ready.get("message", ""))
    return "starting", str(ready.get("message", ""))


def _condition(found: ClusterObject, kind: str) -> Mapping[str, Any]:
    conditions = (found.body.get("status") or {}).get("conditions") or ()
    return next((item for item in conditions if item.get("type") == kind), {})


def _words(value: Mapping[str, Any]) -> str:
    """Returns a reason and its message as one sentence."""
    return ": ".join(str(value[name]) for name in ("reason", "message") if value.get(name))


def _end(end: ContainerEnd | None, spec: Mapping[str, Any]) -> str:
    """Returns how a container's last run ended, "" where none has."""
    if end is None:
        return ""
    if end.reason == "OOMKilled":
        limits = (spec["containers"][0].get("resources") or {}).get("limits") or {}
        return f"was killed for memory: {limits.get('memory', 'no limit of its own')}"
    if end.signal:
        return f"was ended by signal {end.signal}"
    return f"ended with exit code {end.exit_code}" + (f": {end.message}" if end.message else "")


def _seconds(text: str | None) -> float:
    """Returns a time of the API (RFC 3339) in seconds since the epoch, 0 for none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
