"""Lease: the lock of a stack that every machine sees, a `coordination.k8s.io/Lease` in the stack's namespace.

The holder renews it while its command runs. Between commands it has no holder and says who applied the stack last; it
goes with the stack. A lease that was not renewed for its duration belongs to a command that was killed, and is taken
over. Times are compared with the holder's own word alone where the lease stays unchanged before our eyes: clocks of
machines need not agree (as in client-go, tools/leaderelection).
"""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

from rohe_iac.deployment.files.lock import Locked
from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ObjectRefused
from rohe_iac.targets.kubernetes.object import MANAGED_BY, PROJECT, STACK, ClusterObject, Key

API = ("coordination.k8s.io/v1", "Lease")
"""Group and version, and kind, of leases."""

DURATION = 30
"""Seconds after its last renewal at which a lease counts as left behind."""

RENEWAL = 8.0
"""Seconds between two renewals: three of them may fail before the lease counts as left behind."""

POLL = 1.0
"""Seconds between two looks at a lease that another command holds."""

PURPOSE = "rohe.dev/purpose"
"""The annotation with the command that holds the lease."""

APPLIED_BY = "rohe.dev/applied-by"
"""The annotation with the user and the machine that applied the stack last, as USER@HOST."""

APPLIED_AT = "rohe.dev/applied-at"
"""The annotation with the time at which that apply began to change the cluster (RFC 3339)."""


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
    _identity: str = field(default_factory=lambda: f"{_user()}@{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}")

    @property
    def key(self) -> Key:
        """Returns what names the lease in the cluster."""
        return (*API, self.namespace, f"rohe-{self.stack}")

    @contextlib.contextmanager
    def held(self, purpose: str, patience: float) -> Iterator[None]:
        """Holds the lease while the block runs.

        Args:
            purpose: The command that holds it.
            patience: Seconds to wait for another holder, beside what a lease that was left behind takes to show.

        Raises:
            Locked: Another command holds it; the brief names that command, its user and its machine.
        """
        self._take(purpose, patience)
        ended = threading.Event()
        renewal = threading.Thread(target=self._renew, args=(purpose, ended), daemon=True)
        renewal.start()
        try:
            yield
        finally:
            ended.set()
            renewal.join()
            self._release()

    def mark_applied(self, project: str) -> None:
        """Writes down who applies the stack, for other machines; the lease stays when this command has ended.

        Args:
            project: Project id of the blueprint.
        """
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._marks = {APPLIED_BY: self._identity.split(":", 1)[0], APPLIED_AT: now, PROJECT: project}
        # Where the server does not answer now, the next renewal writes it.
        with contextlib.suppress(RoheError):
            found = self.server.get(self.key)
            if found is not None and self._is_ours(found):
                self._write(found.annotations.get(PURPOSE, ""), found)

    def end_with_stack(self) -> None:
        """Has the lease go when this command ends, because nothing of the stack is left."""
        self._ends = True

    def _is_ours(self, found: ClusterObject) -> bool:
        return bool(found.body["spec"].get("holderIdentity") == self._identity)

    def _take(self, purpose: str, patience: float) -> None:
        began = self.clock.monotonic()
        seen: tuple[Any, float] | None = None
        while True:
            found = self.server.get(self.key)
            if found is None or not found.body["spec"].get("holderIdentity"):
                if self._write(purpose, found):
                    return
                continue
            spec = found.body["spec"]
            now = self.clock.monotonic()
            mark = (spec.get("holderIdentity"), spec.get("renewTime"))
            if seen is None or seen[0] != mark:
                seen = (mark, now)
            if self._left_behind(spec) or now - seen[1] > spec.get("leaseDurationSeconds", DURATION):
                if self._write(purpose, found):
                    return
                continue
            if now - began >= patience:
                raise Locked(
                    f"the stack is locked by {_holder(found)}",
                    detail=f"lease {self.key[3]} in the namespace {self.namespace}, renewed {_age(spec)} ago",
                    hint=f"wait for it, or give `--lock-timeout 60s`; one that was killed loses it after {DURATION}s",
                )
            self.clock.sleep(POLL)

    def _left_behind(self, spec: dict[str, Any]) -> bool:
        """Checks whether the holder is a process of this machine that has ended."""
        user_and_host, _, rest = str(spec.get("holderIdentity", "")).rpartition(":")[0].partition(":")
        if user_and_host.rpartition("@")[2] != socket.gethostname() or not rest.isdecimal():
            return False
        try:
            os.kill(int(rest), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def _renew(self, purpose: str, ended: threading.Event) -> None:
        while not ended.wait(RENEWAL):
            # A server that does not answer for a while is tried again; the lease lasts longer than that.
            with contextlib.suppress(RoheError):
                found = self.server.get(self.key)
                if found is not None and self._is_ours(found):
                    self._write(purpose, found)

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
        spec = before.body["spec"] if before is not None else {}
        ours = spec.get("holderIdentity") == self._identity
        found = before.annotations if before is not None else {}
        kept = {name: found[name] for name in (APPLIED_BY, APPLIED_AT, PROJECT) if name in found}
        transitions = int(spec.get("leaseTransitions") or 0)
        held = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": DURATION,
            "acquireTime": spec["acquireTime"] if ours else now,
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


def _holder(found: ClusterObject) -> str:
    """Returns who holds a lease, in words."""
    purpose = (found.body["metadata"].get("annotations") or {}).get(PURPOSE, "another command")
    user_and_host, _, pid = str(found.body["spec"]["holderIdentity"]).rpartition(":")[0].partition(":")
    user, _, host = user_and_host.rpartition("@")
    since = str(found.body["spec"].get("acquireTime", ""))[11:19]
    return f"`{purpose}` of {user or 'somebody'} on {host} (pid {pid}), since {since} UTC"


def _age(spec: dict[str, Any]) -> str:
    try:
        renewed = datetime.fromisoformat(str(spec["renewTime"]))
    except (KeyError, ValueError):
        return "some time"
    return f"{max(0, round((datetime.now(UTC) - renewed).total_seconds()))}s"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
