"""Watching: the objects of one stack, kept up to date by one watch a kind for all who wait during a run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.kubernetes.labels import STACK
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused, ClusterUnreachable, ObjectRefused
from rohe_iac.targets.kubernetes.readiness.stack_objects import (
    CLAIM_EVENTS,
    CLAIMS,
    CLASSES,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    NODES,
    PODS,
    PULLS,
    REPLICA_SETS,
    StackObjects,
)

PATIENCE = 120.0
"""Seconds for which the API server may be out of reach before nobody waits any longer."""

PAUSE = 1.0
"""Seconds before a watch that ended with an error begins again."""

BETWEEN = 0.1
"""Seconds between a watch that the server ended and the next one, which a proxy may end at once."""

WATCH_SECONDS = 20
"""Seconds after which the server ends a watch, which then goes on from the version that it had reached."""

MAX_SILENCE = 30.0
"""Seconds without a byte of a watch after which its connection counts as lost, which neither end may ever be told."""

ABOUT_CLAIMS = "involvedObject.kind=PersistentVolumeClaim"
"""Selects the events about claims, of which the one that says that nobody binds a claim is no warning."""


@dataclass(frozen=True, slots=True)
class WatchedKind:
    """One kind of objects that is watched.

    Attributes:
        plural: Its name in paths.
        path: The path of all its objects that may belong to the stack.
        query: What selects the stack's.
        is_optional: Whether a user who may not list them can do without.
    """

    plural: str
    path: str
    query: dict[str, str]
    is_optional: bool = False


class StackWatch:
    """The watch of one stack.

    Attributes:
        objects: What the cluster has of the stack.
        knows_nodes: Whether this user may list nodes; where not, every node counts as Ready.
    """

    def __init__(
        self, server: ApiServer, namespace: str, stack: str, cancelled: threading.Event, clock: Clock | None = None
    ) -> None:
        """Prepares the watch; nothing is asked of the server before `start`."""
        self.objects = StackObjects()
        self.knows_nodes = True
        self._server = server
        self._cancelled = cancelled
        self._clock = clock or SystemClock()
        self._error: RoheError | None = None
        selector = {"labelSelector": f"{STACK}={stack}"}
        own = f"namespaces/{namespace}"
        self._kinds = (
            WatchedKind(DEPLOYMENTS, f"/apis/apps/v1/{own}/deployments", selector),
            # Who may make none of them has a role from before there were any, and needs none.
            WatchedKind(JOBS, f"/apis/batch/v1/{own}/jobs", selector, is_optional=True),
            WatchedKind(REPLICA_SETS, f"/apis/apps/v1/{own}/replicasets", selector),
            WatchedKind(PODS, f"/api/v1/{own}/pods", selector),
            WatchedKind(EVENTS, f"/api/v1/{own}/events", {"fieldSelector": "type!=Normal"}),
            WatchedKind(NODES, "/api/v1/nodes", {}, is_optional=True),
            WatchedKind(CLAIMS, f"/api/v1/{own}/persistentvolumeclaims", {}, is_optional=True),
            WatchedKind(CLASSES, "/apis/storage.k8s.io/v1/storageclasses", {}, is_optional=True),
            WatchedKind(CLAIM_EVENTS, f"/api/v1/{own}/events", {"fieldSelector": ABOUT_CLAIMS}),
            WatchedKind(PULLS, f"/api/v1/{own}/events", {"fieldSelector": "reason=Pulling"}),
        )
        self._listed = {kind.plural: threading.Event() for kind in self._kinds}
        self._start = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Begins to watch where it has not begun, and returns when everything is listed once.

        Raises:
            RoheError: The server is out of reach, or refuses.
        """
        with self._start:
            if not self._started:
                self._started = True
                for kind in self._kinds:
                    threading.Thread(target=self._follow, args=(kind,), daemon=True).start()
        for listed in self._listed.values():
            while not listed.wait(0.2):
                self.check()
        self.check()

    def check(self) -> None:
        """Raises what ended the watch.

        Raises:
            RoheError: The server has been out of reach for too long, or refuses, or the run was cancelled.
        """
        if self._error is not None:
            raise self._error
        if self._cancelled.is_set():
            raise WaitingEnded("the wait was ended before everything was ready")

    def _follow(self, kind: WatchedKind) -> None:
        reached = self._clock.monotonic()
        while not self._cancelled.is_set():
            try:
                version = self._list(kind)
                reached = self._clock.monotonic()
                while not self._cancelled.is_set():
                    for event, item in self._changes(kind, version):
                        reached = self._clock.monotonic()
                        version = str(item["metadata"]["resourceVersion"])
                        if event == "DELETED":
                            self.objects.remove(kind.plural, item)
                        elif event != "BOOKMARK":
                            self.objects.put(kind.plural, item)
                    reached = self._clock.monotonic()
                    self._cancelled.wait(BETWEEN)
            except ClusterRefused as error:
                if not kind.is_optional:
                    return self._end(error)
                # A user with rights in one namespace only sees no nodes; the pods then say what is wrong.
                self.knows_nodes = self.knows_nodes and kind.plural != NODES
                self._listed[kind.plural].set()
                return None
            except ClusterUnreachable as error:
                if self._clock.monotonic() - reached > PATIENCE:
                    return self._end(error)
                self._cancelled.wait(PAUSE)
            except (ObjectRefused, ValueError, KeyError):
                # The version is too old (410), or an answer was cut: everything is listed again.
                self._cancelled.wait(PAUSE)
        return None

    def _end(self, error: RoheError) -> None:
        self._error = error
        self.objects.wake_all()

    def _list(self, kind: WatchedKind) -> str:
        answer = json.loads("".join(self._server.lines(kind.path, kind.query, follow=False)))
        self.objects.replace(kind.plural, answer.get("items") or ())
        self._listed[kind.plural].set()
        return str(answer["metadata"]["resourceVersion"])

    def _changes(self, kind: WatchedKind, version: str) -> Iterator[tuple[str, dict[str, Any]]]:
        query = {
            **kind.query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        for line in self._server.lines(kind.path, query, follow=True, silence=MAX_SILENCE):
            if self._cancelled.is_set():
                return
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise ValueError(event["object"].get("message", "the watch ended"))
            yield event["type"], event["object"]


class WaitingEnded(RoheError):
    """The user ended a run while it waited."""
