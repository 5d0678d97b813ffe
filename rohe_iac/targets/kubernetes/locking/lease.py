"""Lease: the lock of a stack that every machine sees, a `coordination.k8s.io/Lease` in the stack's namespace.

The holder renews it while its command runs. Between commands it has no holder and says who applied the stack last; it
goes with the stack. A lease that stays unchanged before our eyes for its duration belongs to a command that was killed,
and is taken over; times that others wrote are not compared, since clocks of machines need not agree (as in client-go,
tools/leaderelection).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

from rohe_iac.deployment.files.lock import Locked
from rohe_iac.deployment.held_lock import HeldLock
from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ObjectRefused
from rohe_iac.targets.kubernetes.locking.holder import LeaseHolder
from rohe_iac.targets.kubernetes.locking.renewal import DURATION, LeaseRenewal, LeaseTaken
from rohe_iac.targets.kubernetes.object import PROJECT, ClusterObject, Key

API = ("coordination.k8s.io/v1", "Lease")
"""Group and version, and kind, of leases."""

REQUEST_TIMEOUT = 5.0
"""Seconds that a request about the lease may take; a slower one is tried again while the lease has time."""

LONGEST = 600
"""Seconds of a lease's duration that are believed; no lease of rohe has more."""

POLL = 1.0
"""Seconds between two looks at a lease that another command holds."""

PURPOSE = "rohe.dev/purpose"
"""The annotation with the command that holds the lease."""

APPLIED_BY = "rohe.dev/applied-by"
"""The annotation with the user and the machine that applied the stack last, as USER@HOST."""

APPLIED_AT = "rohe.dev/applied-at"
"""The annotation with the time at which that apply began to change the cluster (RFC 3339)."""


def lease_key(namespace: str, stack: str) -> Key:
    """Returns what names the lease of a stack in a cluster."""
    return (*API, namespace, f"rohe-{stack}")


@dataclass
class StackLease:
    """The lease of one stack.

    Attributes:
        server: The API server.
        namespace: The stack's namespace.
        stack: Name of the stack.
        clock: The clock to wait by.
    """

    server: ApiServer
    namespace: str
    stack: str
    clock: Clock = field(default_factory=SystemClock)
    _marks: dict[str, str] = field(default_factory=dict)
    _ends: bool = False
    _me: LeaseHolder = field(default_factory=LeaseHolder.of_this_process)

    @property
    def key(self) -> Key:
        """Returns what names the lease in the cluster."""
        return lease_key(self.namespace, self.stack)

    @contextlib.contextmanager
    def held(self, purpose: str, patience: float, note: Callable[[str], None]) -> Iterator[HeldLock]:
        """Holds the lease while the block runs.

        Args:
            purpose: The command that holds it.
            patience: Seconds to wait for another holder that lives; whether it does shows within DURATION.
            note: Receives what is waited for, and whose lease is taken over, a sentence each.

        Raises:
            Locked: Another command holds it; the brief names that command, its user and its machine.
            LockLost: The lease was lost while the block ran.
        """
        self._take(purpose, patience, note)
        held, ended = HeldLock(), threading.Event()
        renewal = LeaseRenewal(lambda: self.renew(purpose), held, self.clock)
        thread = threading.Thread(target=renewal.run, args=(ended,), daemon=True)
        thread.start()
        try:
            yield held
            # A command that did not notice until its end that it had lost the lease has not worked alone.
            renewal.once()
            held.check()
        except Exception:
            # What fails because the command was ended is no news.
            held.check()
            raise
        finally:
            ended.set()
            thread.join()
            self._release()

    def mark_applied(self, project: str) -> None:
        """Writes down who applies the stack, for other machines; the lease stays when this command has ended.

        Args:
            project: Project id of the blueprint.
        """
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._marks = {APPLIED_BY: f"{self._me.user}@{self._me.host}", APPLIED_AT: now, PROJECT: project}
        # Where the server does not answer now, the next renewal writes it.
        with contextlib.suppress(RoheError):
            found = self.server.get(self.key)
            if found is not None and self._is_ours(found):
                self._write(found.annotations.get(PURPOSE, ""), found)

    def end_with_stack(self) -> None:
        """Has the lease go when this command ends, because nothing of the stack is left."""
        self._ends = True

    def _is_ours(self, found: ClusterObject) -> bool:
        return _identity(found) == self._me.identity

    def renew(self, purpose: str) -> None:
        """Renews the lease once; one that somebody deleted is made again.

        Args:
            purpose: The command that holds it.

        Raises:
            LeaseTaken: Another command holds it.
            RoheError: The server does not answer, or another request was faster.
        """
        found = self.server.get(self.key)
        if found is not None and not self._is_ours(found):
            by = _words(found) if _identity(found) else "another command, which has ended since"
            raise LeaseTaken(f"the lease {self.key[3]} in the namespace {self.namespace} was taken over by {by}")
        if not self._write(purpose, found):
            raise RoheError("the lease was written by another request at the same time")

    def _take(self, purpose: str, patience: float, note: Callable[[str], None]) -> None:
        began = self.clock.monotonic()
        seen, changed, lives, noted = "", began, False, False
        while True:
            found = self.server.get(self.key)
            if found is None or not _identity(found):
                if self._write(purpose, found):
                    return
                continue
            now = self.clock.monotonic()
            mark = f"{_identity(found)} {_spec(found).get('renewTime')}"
            if mark != seen:
                lives, seen, changed = bool(seen), mark, now
            runs = LeaseHolder.read(_identity(found)).runs
            if runs is False or now - changed > _duration(found):
                if self._write(purpose, found):
                    note(f"the lock of {_words(found)} was taken over: that command has ended without giving it back")
                    return
                continue
            if (lives or runs) and now - began >= patience:
                raise Locked(
                    f"the stack is locked by {_words(found)}",
                    detail=f"lease {self.key[3]} in the namespace {self.namespace}",
                    hint="wait for it, or give `--lock-timeout 60s`; the lock of a command that was killed on another "
                    f"machine is taken over after {DURATION}s",
                )
            if not noted:
                noted = True
                note(
                    f"waiting: the stack is locked by {_words(found)}; where that command was killed, its lock is "
                    f"taken over in {_duration(found)}s"
                )
            self.clock.sleep(POLL)

    def _release(self) -> None:
        # Where the server does not answer, the lease ends by itself.
        with contextlib.suppress(RoheError):
            found = self.server.get(self.key)
            if found is None or not self._is_ours(found):
                return
            if self._ends or APPLIED_BY not in {*found.annotations, *self._marks}:
                self.server.delete(found)
            else:
                self._write("", found)

    def _write(self, purpose: str, before: ClusterObject | None) -> bool:
        """Writes the lease, and returns whether nobody else wrote it meanwhile.

        Args:
            purpose: The command that holds it; "" gives it back.
            before: The lease as it is; None where it is absent.
        """
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = _spec(before) if before is not None else {}
        ours = before is not None and self._is_ours(before)
        found = before.annotations if before is not None else {}
        kept = {name: found[name] for name in (APPLIED_BY, APPLIED_AT, PROJECT) if name in found}
        transitions = spec["leaseTransitions"] if isinstance(spec.get("leaseTransitions"), int) else 0
        held = {
            "holderIdentity": self._me.identity,
            "leaseDurationSeconds": DURATION,
            "acquireTime": spec.get("acquireTime", now) if ours else now,
            "renewTime": now,
            "leaseTransitions": transitions + (0 if ours or before is None else 1),
        }
        metadata: dict[str, Any] = {
            "name": self.key[3],
            "namespace": self.namespace,
            "labels": {MANAGED_BY: "rohe", STACK: self.stack},
            "annotations": {**kept, **self._marks, **({PURPOSE: purpose} if purpose else {})},
        }
        if before is not None:
            metadata["resourceVersion"] = before.body["metadata"]["resourceVersion"]
        body = {
            "apiVersion": API[0],
            "kind": API[1],
            "metadata": metadata,
            # As in client-go: a lease that was given back has no holder.
            "spec": held if purpose else {"leaseTransitions": transitions},
        }
        try:
            if before is None:
                self.server.create(ClusterObject(body))
            else:
                self.server.replace(ClusterObject(body))
        except ObjectRefused as error:
            if error.code in (httpx2.codes.CONFLICT, httpx2.codes.NOT_FOUND):
                return False
            raise
        return True


def _spec(found: ClusterObject) -> dict[str, Any]:
    """Returns what a lease says; every field of it may be absent."""
    return found.body.get("spec") or {}


def _identity(found: ClusterObject) -> str:
    """Returns who holds a lease, "" where nobody does."""
    return str(_spec(found).get("holderIdentity") or "")


def _duration(found: ClusterObject) -> int:
    """Returns the seconds for which a lease has to be unchanged to count as left behind."""
    stated = _spec(found).get("leaseDurationSeconds")
    return stated if isinstance(stated, int) and 0 < stated <= LONGEST else DURATION


def _words(found: ClusterObject) -> str:
    """Returns who holds a lease, in words."""
    since = str(_spec(found).get("acquireTime", ""))[11:19]
    moment = f", since {since} UTC" if since else ""
    return f"`{found.annotations.get(PURPOSE, 'another command')}` of {LeaseHolder.read(_identity(found))}{moment}"
