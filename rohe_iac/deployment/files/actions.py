"""Manifest actions: what apply will do to each manifest, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from rohe_iac.manifests.manifest import Manifest

VERBS = ("create", "update", "keep", "delete")
"""What can be done to a manifest."""


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
        ManifestAction("delete", name, before[name].address, "the blueprint does not ask for it any more")
        for name in sorted(before.keys() - after.keys())
    ]
    return tuple(actions)


def _action(before: Manifest | None, after: Manifest) -> ManifestAction:
    if before is None:
        return ManifestAction("create", after.name, after.address, "it is not there yet")
    if before.text == after.text:
        return ManifestAction("keep", after.name, after.address, "nothing changed")
    changed = sorted(_differences(yaml.safe_load(before.text), yaml.safe_load(after.text), ""))
    shown = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return ManifestAction("update", after.name, after.address, f"changed: {shown}" if shown else "its text changed")


def _differences(before: Any, after: Any, path: str) -> Iterable[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif before != after:
        yield path.removeprefix("spec.")
