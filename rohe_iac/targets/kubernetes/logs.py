"""Logs: the output of the pods of instances, read through the API server."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.kubernetes.labels import INSTANCE
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ObjectRefused
from rohe_iac.targets.kubernetes.container_state import main_container
from rohe_iac.targets.kubernetes.followed_output import FollowedOutput
from rohe_iac.targets.kubernetes.object import ClusterObject, newest

NOT_FOUND = 404
"""The HTTP status of what is not there: the output of a pod that exists is served by its node."""

AGAIN = 1.0
"""Seconds until an instance's pod is looked for again, whose output has ended."""


def read(
    server: ApiServer, namespace: str, pods: Mapping[str, Sequence[ClusterObject]], *, lines: int
) -> Iterator[tuple[str, str]]:
    """Yields the last lines of each instance as (instance, line); a pod that has none says why.

    The lines of the run before come first where the present run has fewer, as in a log of this machine.

    Args:
        server: The API server.
        namespace: The namespace of the pods.
        pods: The pods by instance.
        lines: Number of last lines of each instance.
    """
    for instance, found in pods.items():
        if not found:
            yield instance, "(there is no pod)"
            continue
        pod = newest(found)
        present = list(_lines(server, namespace, pod, lines=lines))
        if main_container(pod.body).restarts and len(present) < lines:
            for line in _lines(server, namespace, pod, lines=lines - len(present), previous=True):
                yield instance, line
        for line in present:
            yield instance, line


def follow(
    server: ApiServer, namespace: str, pods: Mapping[str, Sequence[ClusterObject]], *, lines: int
) -> Iterator[tuple[str, str]]:
    """Yields the last lines of each instance and then, without an end, those that its pod writes from now on.

    Arguments are those of `read`. A pod that ends is followed by the one that takes its place.
    """
    found: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    for instance, known in pods.items():
        arguments = (server, namespace, instance, known, lines, found)
        threading.Thread(target=_follow, args=arguments, daemon=True).start()
    while True:
        yield found.get()


def _follow(
    server: ApiServer,
    namespace: str,
    instance: str,
    known: Sequence[ClusterObject],
    lines: int,
    found: queue.SimpleQueue[tuple[str, str]],
) -> None:
    """Queues the lines of one instance, whichever pod writes them; what hinders them is said once."""
    output, hindrance = FollowedOutput(server, namespace, lines), ""
    while True:
        words = "" if known or output.has_begun else "(there is no pod)"
        try:
            for line in output.new_lines(newest(known)) if known else ():
                found.put((instance, line))
        except RoheError as error:
            words = _hindrance(error)
        if words and words != hindrance:
            found.put((instance, words))
        hindrance = words
        time.sleep(AGAIN)
        with contextlib.suppress(RoheError):
            selector = f"{INSTANCE}={instance}"
            known = tuple(server.list(server.kinds["v1", "Pod"], namespace, selector))


def _hindrance(error: RoheError) -> str:
    words = error.words if isinstance(error, ObjectRefused) else f"{error.brief}: {error.detail}"
    if isinstance(error, ObjectRefused) and error.code == NOT_FOUND:
        words = f"{words}; simulated nodes (kwok) have no output"
    return f"(no output can be read: {words})"


def _lines(
    server: ApiServer, namespace: str, pod: ClusterObject, *, lines: int, previous: bool = False
) -> Iterator[str]:
    query = {
        "previous": str(previous).lower(),
        "container": pod.body["spec"]["containers"][0]["name"],
        "tailLines": str(lines),
    }
    try:
        yield from server.lines(f"/api/v1/namespaces/{namespace}/pods/{pod.name}/log", query, follow=False)
    except RoheError as error:
        if previous:
            return  # the node keeps the output of one run before at most
        yield _hindrance(error)
