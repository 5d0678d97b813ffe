"""Comparison: the objects of a stack's manifests beside those in the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rohe_iac.deployment.foreign_edit import ForeignEdit
from rohe_iac.targets.kubernetes.api_server import ApiServer, Kind
from rohe_iac.targets.kubernetes.cluster import ClusterRefused
from rohe_iac.targets.kubernetes.object import ClusterObject, Key
from rohe_iac.targets.kubernetes.objects.edits import PlannedObject, edits_of

UNREAD = frozenset({"Namespace", "PriorityClass", "Secret"})
"""Kinds that are not compared: a namespace is left as it is where it was there, the value of a class never changes, and
values of Secrets are not read."""


@dataclass(frozen=True)
class ObjectComparison:
    """The means to compare the objects of one stack.

    Attributes:
        server: The API server.
        namespace: The namespace of the stack.
        selector: The label selector of the stack's objects.
        refused: Receives the kinds that this user may not list, as they are named in paths.
        ending: Receives a sentence for each object that is being deleted.
    """

    server: ApiServer
    namespace: str
    selector: str
    refused: set[str] = field(default_factory=set)
    ending: set[str] = field(default_factory=set)

    def edits(self, wanted: Sequence[PlannedObject], applied: Mapping[Key, PlannedObject]) -> tuple[ForeignEdit, ...]:
        """Returns the fields that others changed and the next apply would write again, sorted by address.

        Args:
            wanted: The objects that would be applied.
            applied: The objects as they were applied last, by key.
        """
        compared = [item for item in wanted if item.object.kind not in UNREAD]
        live = self._live([item.object for item in compared])
        self.ending.update(filter(None, (item.ending_words for item in live.values())))
        found = [
            edit
            for item in compared
            if item.object.key in live
            for edit in edits_of(item, applied.get(item.object.key), live[item.object.key])
        ]
        return tuple(sorted(found, key=lambda edit: (edit.address, edit.object, edit.field)))

    def _live(self, wanted: Sequence[ClusterObject]) -> dict[Key, ClusterObject]:
        """Returns the wanted objects that are there, by key; those that lost the stack's labels, too."""
        kinds = {(item.api_version, item.kind): item for item in wanted}
        known = [self.server.kinds[kind] for kind in kinds if kind in self.server.kinds]
        listed = {(kind.api_version, kind.kind): self._listed(kind) for kind in known}
        found = {item.key: item for items in listed.values() for item in items or ()}
        asked = [item for item in wanted if listed.get((item.api_version, item.kind)) is not None]
        return found | {item.key: item for item in self._unlabelled(asked, found)}

    def _listed(self, kind: Kind) -> list[ClusterObject] | None:
        """Returns the stack's objects of a kind; None where this user may not list them."""
        try:
            return list(self.server.list(kind, self.namespace, self.selector))
        except ClusterRefused:
            self.refused.add(kind.plural)
            return None

    def _unlabelled(
        self, wanted: Sequence[ClusterObject], found: Mapping[Key, ClusterObject]
    ) -> Iterator[ClusterObject]:
        if not found:
            return  # nothing of the stack is there, so that thousands of questions are spared
        for item in wanted:
            if item.key not in found:
                there = self.server.get(item.key)
                if there is not None:
                    yield there
