"""Claim changes: what a plan changes of claims that are there, and whether a cluster can do that.

Of a claim that is there only the size can change, and only where it is bound and its class allows that (Kubernetes
documentation, "Persistent Volumes", "Expanding Persistent Volumes Claims"). One without a volume holds nothing, so it
is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lightkube.utils.quantity import parse_quantity

from rohe_iac.foundation.clock import Clock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import FIELD_MANAGER, ClusterRefused
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.removal import wait_for_end

CLAIM = "PersistentVolumeClaim"
"""The kind of a claim."""

SIZE = "resources"
"""The field of a claim's spec that can change."""

TIMEOUT = 30.0
"""Seconds to wait until a claim without a volume is gone."""

NAMED = 8
"""Claims that a message names of those that there are."""


class ClaimsFixed(RoheError):
    """Claims have volumes, and the cluster cannot change them as the plan asks."""

    exit_code = ExitCode.POLICY


class ClaimStays(RoheError):
    """A claim without a volume is to be replaced, and something keeps it."""

    exit_code = ExitCode.PARTIAL


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """A claim that the cluster cannot change in place as a plan asks.

    Attributes:
        claim: The claim as it is in the cluster.
        words: What differs.
    """

    claim: ClusterObject
    words: str

    @property
    def is_bound(self) -> bool:
        """Returns whether the claim has a volume, with what was written to it."""
        return bool(self.claim.body["spec"].get("volumeName"))


def claim_changes(server: ApiServer, wanted: Iterable[ClusterObject]) -> tuple[ClaimChange, ...]:
    """Returns the claims that the cluster cannot change in place as a plan asks, sorted by name.

    Args:
        server: The API server.
        wanted: Objects of the plan; all but claims are passed over.
    """
    claims = {item.key: item for item in wanted if item.kind == CLAIM}
    kinds = {(item.api_version, item.kind, item.namespace) for item in claims.values()}
    found = [
        ClaimChange(live, words)
        for api_version, kind, namespace in sorted(kinds)
        for live in server.list(server.kinds[api_version, kind], namespace)
        if live.key in claims and (words := "; ".join(_differences(server, claims[live.key], live)))
    ]
    return tuple(sorted(found, key=lambda change: change.claim.key))


def refuse_fixed_claims(changes: Iterable[ClaimChange]) -> None:
    """Raises ClaimsFixed where claims have volumes that cannot become what the plan asks for."""
    fixed = [f"{change.claim}: {change.words}" for change in changes if change.is_bound]
    if fixed:
        more = [f"and {len(fixed) - NAMED} more"] if len(fixed) > NAMED else []
        raise ClaimsFixed(
            f"{counted(len(fixed), 'claim')} cannot be changed as the plan asks, so nothing was changed",
            detail="\n".join([*fixed[:NAMED], *more]),
            hint="write the former values back into the blueprint; or `rohe destroy` removes the stack with all that "
            "its claims hold, and `rohe apply` makes it anew",
        )


def remove_empty_claims(server: ApiServer, changes: Iterable[ClaimChange], clock: Clock) -> None:
    """Removes the claims without a volume, so that they can be made as the plan asks.

    Raises:
        ClaimStays: Something keeps a claim.
    """
    empty = [change.claim for change in changes if not change.is_bound]
    for claim in empty:
        server.delete(claim)
    for claim in empty:
        if not wait_for_end(server, claim, clock, TIMEOUT):
            raise ClaimStays(
                f"{claim} has to be replaced, and is still being deleted after {TIMEOUT:.0f}s",
                detail=f"finalizers: {', '.join(claim.finalizers) or 'none'}",
                hint="end what uses it, then apply again",
            )


def _differences(server: ApiServer, wanted: ClusterObject, live: ClusterObject) -> Iterator[str]:
    """Yields what the plan has otherwise than a claim, as far as it cannot change in place."""
    now, then = live.body["spec"], wanted.body.get("spec") or {}
    for field in sorted({*then, *_own_fields(live)} - {SIZE}):
        if now.get(field) != then.get(field):
            planned = f"the plan says {then[field]}" if field in then else "the plan does not say"
            yield f"its {field} is {now.get(field, 'not set')}, and {planned}"
    size, planned = (str(((spec.get(SIZE) or {}).get("requests") or {}).get("storage", "0")) for spec in (now, then))
    before, after = parse_quantity(size) or 0, parse_quantity(planned) or 0
    if after < before:
        yield f"its size is {size}, and it cannot shrink to {planned}"
    elif after > before and not now.get("volumeName"):
        yield f"its size is {size}, and the plan says {planned}"
    elif after > before and not _grows(server, str(now.get("storageClassName", ""))):
        yield f"its size is {size}, and its class {now.get('storageClassName', '')} does not let it grow to {planned}"


def _own_fields(live: ClusterObject) -> frozenset[str]:
    """Returns the fields of the spec that rohe has set; where the plan leaves one out, it would be taken away."""
    entries = live.body["metadata"].get("managedFields") or ()
    return frozenset(
        field.removeprefix("f:")
        for entry in entries
        if entry.get("manager") == FIELD_MANAGER and entry.get("subresource") != "status"
        for field in (entry.get("fieldsV1") or {}).get("f:spec") or ()
    )


def _grows(server: ApiServer, name: str) -> bool:
    """Returns whether volumes of a class can grow; True where this user may not see that, and the cluster then says."""
    try:
        found = server.get(("storage.k8s.io/v1", "StorageClass", "", name)) if name else None
    except ClusterRefused:
        return True
    return found is not None and bool(found.body.get("allowVolumeExpansion"))
