"""Touched manifests: those that a run of the engine is about, where all others are known to be as they should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.manifests.manifest import Manifest


def touched(wanted: Sequence[Manifest], applied: Sequence[Manifest]) -> frozenset[str]:
    """Returns the names of the wanted manifests that changed, of all that depend on one, and of all that these need.

    Whoever depends on a change belongs to the run because the engine may have to make anew what it depends on, and what
    these need belongs to it because the engine knows a dependence only on what is in its run.

    Args:
        wanted: All manifests that are wanted.
        applied: The manifests as they were applied last.
    """
    before = {manifest.name: manifest for manifest in applied}
    needs = {manifest.name: manifest.depends_on for manifest in wanted}
    needed_by: dict[str, list[str]] = {}
    for manifest in wanted:
        for name in manifest.depends_on:
            needed_by.setdefault(name, []).append(manifest.name)
    changed = {manifest.name for manifest in wanted if before.get(manifest.name) != manifest}
    return frozenset(_reached(_reached(changed, needed_by), needs) & needs.keys())


def _reached(start: set[str], edges: Mapping[str, Sequence[str]]) -> set[str]:
    """Returns the names that are reached from some along edges, with these themselves."""
    found, waiting = set(start), list(start)
    while waiting:
        further = set(edges.get(waiting.pop(), ())) - found
        found |= further
        waiting += further
    return found
