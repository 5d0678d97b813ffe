"""Manifest actions: what apply will do to each manifest, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rohe_iac.deployment.files.field_changes import field_changes
from rohe_iac.manifests.manifest import Manifest

VERBS = ("create", "update", "keep", "delete", "retain")
"""What can be done to a manifest; to `retain` leaves the resource of one that the plan does not have any more."""

REMOVED = ("delete", "retain")
"""Verbs for manifests that the plan does not have any more."""

MAX_CHANGES = 3
"""Fields that the reason of an update names; the others are counted."""


@dataclass(frozen=True, slots=True)
class ManifestAction:
    """What apply will do to one manifest.

    Attributes:
        verb: One of VERBS.
        manifest: Name of the manifest.
        address: Address of the stack's part that the manifest is for.
        because: The reason, for people, as the end of a sentence.
    """

    verb: str
    manifest: str
    address: str
    because: str


def actions_between(applied: Sequence[Manifest], wanted: Sequence[Manifest]) -> tuple[ManifestAction, ...]:
    """Returns the actions that turn the applied manifests into the wanted ones, sorted by name, deletions last."""
    before = {manifest.name: manifest for manifest in applied}
    after = {manifest.name: manifest for manifest in wanted}
    actions = [_action(before.get(name), after[name]) for name in sorted(after)]
    actions += [
        ManifestAction("retain", name, before[name].address, "it stays with what it holds until the stack is destroyed")
        if before[name].retained
        else ManifestAction("delete", name, before[name].address, "the blueprint does not ask for it any more")
        for name in sorted(before.keys() - after.keys())
    ]
    return tuple(actions)


def _action(before: Manifest | None, after: Manifest) -> ManifestAction:
    if before is None:
        return ManifestAction("create", after.name, after.address, "it is not there yet")
    if before.text == after.text:
        return ManifestAction("keep", after.name, after.address, "nothing changed")
    changed = field_changes(before.text, after.text)
    shown = "; ".join(map(str, changed[:MAX_CHANGES]))
    more = f"; and {len(changed) - MAX_CHANGES} more" if len(changed) > MAX_CHANGES else ""
    return ManifestAction(
        "update", after.name, after.address, f"changed: {shown}{more}" if shown else "its text changed"
    )
