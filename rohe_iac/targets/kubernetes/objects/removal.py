"""Removal: objects of a stack that no manifest asks for, and the end of all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2

from rohe_iac.foundation.clock import Clock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.targets.kubernetes.api_server import ApiServer, Kind
from rohe_iac.targets.kubernetes.cluster import ClusterRefused, ObjectRefused
from rohe_iac.targets.kubernetes.object import NAMESPACE_LABEL, PREFETCH, ClusterObject, Key

LOG = logging.getLogger("rohe.cluster")

MADE_BY_CLUSTER = frozenset({"Pod", "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice", "Event", "Lease"})
"""Kinds that controllers make of the stack's objects, or that are the lock, and that no manifest asks for."""

KEPT = frozenset({"Namespace", "Lease", "Event"})
"""Kinds that are not removed as parts of the stack: the namespace by its own rule, the lock by its holder."""

PRIORITY_CLASS = ("scheduling.k8s.io/v1", "PriorityClass")
"""The one kind of rohe's own objects that are in no namespace, beside the namespace itself."""

POLL = 0.3
"""Seconds between two looks at what is left."""

CONNECTIONS = 8
"""Requests under way at once."""

NAMED = 8
"""Objects that a message names of those that there are."""


class NotRemoved(RoheError):
    """Objects of the stack are still in the cluster when the time for their removal is over."""

    exit_code = ExitCode.PARTIAL


def kinds_to_look_for(server: ApiServer, of_stack: Collection[tuple[str, str]]) -> tuple[Kind, ...]:
    """Returns the kinds of which a stack may have objects: all that are in a namespace, and others that it has.

    Who has all rights in a namespace may still not list objects of the whole cluster, such as nodes and volumes.

    Args:
        server: The API server.
        of_stack: Group and version, and kind, of what the stack has; where that is not known, every kind is looked for.
    """
    listable = [kind for kind in server.kinds.values() if {"list", "delete"} <= kind.verbs and kind.kind not in KEPT]
    wanted = {*of_stack, PRIORITY_CLASS}
    return tuple(k for k in listable if k.namespaced or not of_stack or (k.api_version, k.kind) in wanted)


def labelled(
    server: ApiServer,
    namespace: str,
    selector: str,
    kinds: Collection[Kind],
    of_stack: Collection[tuple[str, str]] = (),
) -> Iterable[ClusterObject]:
    """Yields the objects of the cluster that carry the stack's labels, in its namespace or in none, with metadata only.

    Args:
        server: The API server.
        namespace: The namespace of the stack.
        selector: The label selector of the stack's objects.
        kinds: The kinds to look for; those that this user may not list are left out.
        of_stack: Group and version, and kind, of those that must not be left out, because the stack has such objects.

    Raises:
        ClusterRefused: This user may not list a kind of which the stack has objects.
    """

    def listed(kind: Kind) -> list[ClusterObject]:
        own = selector if kind.namespaced else f"{selector},{NAMESPACE_LABEL}={namespace}"
        try:
            return list(server.list(kind, namespace, own, metadata=True))
        except ClusterRefused as error:
            if (kind.api_version, kind.kind) in of_stack:
                raise
            LOG.info("%s are not looked for: %s", kind.plural, error.detail)
        except ObjectRefused as error:
            if error.code not in (httpx2.codes.NOT_FOUND, httpx2.codes.METHOD_NOT_ALLOWED):
                raise
            LOG.info("%s are not served any more: %s", kind.plural, error.detail)
        return []

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for found in pool.map(listed, kinds):
            yield from found


def strays(found: Iterable[ClusterObject], wanted: Collection[Key]) -> tuple[ClusterObject, ...]:
    """Returns the objects of a stack that are not wanted, such as what a killed apply made.

    Args:
        found: The objects of the stack in the cluster.
        wanted: The keys of the wanted objects.
    """
    return tuple(item for item in found if item.key not in wanted and _is_of_stack(item) and not item.owners)


def _is_of_stack(item: ClusterObject) -> bool:
    """Checks whether an object is none that controllers make, nor the lock; pods that pull images are rohe's own."""
    return item.kind not in MADE_BY_CLUSTER | KEPT or PREFETCH in item.labels


def remove_all(
    server: ApiServer,
    namespace: str,
    selector: str,
    clock: Clock,
    timeout: float,
    of_stack: Collection[tuple[str, str]] = (),
    *,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Deletes every object of a stack and waits until all are gone.

    Args:
        server: The API server.
        namespace: The namespace of the stack.
        selector: The label selector of the stack's objects.
        clock: The clock to wait by.
        timeout: Seconds to wait.
        of_stack: Group and version, and kind, of the objects that the stack has; none where that is not known.
        check: Is called before anything is deleted, and raises where nothing may be deleted any more.

    Raises:
        NotRemoved: Objects are left; the detail names each with its finalizers and owners.
        ClusterRefused: This user may not list or delete objects of the stack.
    """
    deadline = clock.monotonic() + timeout
    kinds: Collection[Kind] = kinds_to_look_for(server, of_stack)
    while True:
        left = [item for item in labelled(server, namespace, selector, kinds, of_stack) if item.kind not in KEPT]
        if not left:
            return
        # What is made anew is of a kind that is there already, or one that controllers make.
        kinds = {server.kinds[item.api_version, item.kind] for item in left}
        check()
        for item in left:
            if not item.is_ending:
                server.delete(item)
        if clock.monotonic() >= deadline:
            raise _not_removed(left, timeout)
        clock.sleep(POLL)


def wait_for_end(server: ApiServer, found: ClusterObject, clock: Clock, timeout: float) -> bool:
    """Waits until an object is gone, and returns whether it is."""
    deadline = clock.monotonic() + timeout
    while (now := server.get(found.key)) is not None and now.uid == found.uid:
        if clock.monotonic() >= deadline:
            return False
        clock.sleep(POLL)
    return True


def _not_removed(left: Iterable[ClusterObject], timeout: float) -> NotRemoved:
    lines = [*_reasons(left)]
    more = [f"and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
    return NotRemoved(
        f"{counted(len(lines), 'object')} of the stack {'are' if len(lines) > 1 else 'is'} still in the cluster after "
        f"{timeout:.0f}s",
        detail="\n".join([*lines[:NAMED], *more]),
        hint="end what the finalizer waits for, then run `rohe destroy` again; --timeout 10m waits longer",
    )


def _reasons(left: Iterable[ClusterObject]) -> Iterator[str]:
    """Yields for each object what keeps it: its finalizers, the pod that still ends, and its owners."""
    for item in sorted(left, key=lambda item: (not item.finalizers, item.key)):
        words = [f"finalizer {name}" for name in item.finalizers] or ["it is still ending"]
        words += [f"owner {name}" for name in item.owners]
        yield f"{item} in {item.namespace or 'no namespace'}: {', '.join(words)}"
