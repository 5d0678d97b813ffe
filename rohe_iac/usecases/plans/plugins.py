"""The filters, scorers and strategy that a stack names: found, loaded and recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.user_callables import Loaded, installed, load_from_path, load_installed
from rohe_iac.foundation.user_modules import split_reference
from rohe_iac.planning.model.plugins.builtin import BUILT_IN
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Origin, Plugin, Plugins
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.strategies import SCORERS, STRATEGIES
from rohe_iac.planning.placement.rules.registry import RULE_NAMES

GROUPS = {"filter": "rohe.filters", "scorer": "rohe.scorers", "strategy": "rohe.strategies"}
"""The group of entry points that each kind is found in."""

BUILT_IN_PLACE = "rohe"
"""Where a built-in one is recorded to come from: the version of rohe that a plan file names anyway."""


class UnknownPlugin(RoheError):
    """The stack names a filter, scorer or strategy that is neither built in nor installed, nor a path."""

    exit_code = ExitCode.INVALID


def load_plugins(problem: Problem, root: Path) -> tuple[Problem, Plugins, tuple[Source, ...]]:
    """Returns the problem with the origins of its plug-ins, the plug-ins, and the files of the blueprint they are in.

    Errors: UnusableModule, UnknownPlugin.
    """
    found = plugins_of(problem.settings, root)
    if not found:
        return problem, found, ()
    origins = tuple(one.origin for one in found.all)
    files = {
        split_reference(one.origin.reference)[0]: one.origin.sha256
        for one in found.all
        if ":" in one.origin.reference and one.origin.sha256
    }
    settings = replace(problem.settings, origins=origins)
    sources = tuple(Source(path, digest) for path, digest in sorted(files.items()))
    return replace(problem, settings=settings), found, sources


def plugins_of(settings: Settings, root: Path) -> Plugins:
    """What the settings name, each with the name it has in plans.

    Errors: UnusableModule, UnknownPlugin.
    """
    filters = [_plugged("filter", name, root) for name in settings.filters]
    scorers = [_plugged("scorer", name, root) for name, _ in settings.scorers]
    strategy = None if settings.strategy in STRATEGIES else _plugged("strategy", settings.strategy, root)
    return Plugins(_told_apart(filters, RULE_NAMES), _told_apart(scorers, SCORERS), strategy)


def _plugged(kind: str, reference: str, root: Path) -> Plugin:
    if ":" in reference:
        return _of(kind, reference, reference.rpartition(":")[2], load_from_path(reference, root))
    built_in = BUILT_IN[kind].get(reference)
    if built_in is not None:
        return Plugin(kind, reference, Origin(reference, BUILT_IN_PLACE), built_in)
    known = installed(GROUPS[kind])
    named = [one for one in known if one.name == reference]
    if len(named) == 1:
        return _of(kind, reference, reference, load_installed(named[0]))
    if named:
        raise UnknownPlugin(
            f"{len(named)} installed distributions have a {kind} '{reference}'",
            detail="\n".join(f"{one.value} of {one.distribution}" for one in named),
            hint="name the file that you mean by its path, or uninstall all but one",
        )
    there = sorted({*BUILT_IN[kind], *(STRATEGIES if kind == "strategy" else ()), *(one.name for one in known)})
    raise UnknownPlugin(
        f"no {kind} is called '{reference[:60]}'",
        detail=f"built in or installed ({GROUPS[kind]}): {', '.join(there)}",
        hint=f"one of your own is named by its path: user_modules/{kind}s.py:name".replace("strategys", "strategies"),
    )


def _of(kind: str, reference: str, name: str, loaded: Loaded) -> Plugin:
    return Plugin(kind, name, Origin(reference, loaded.place, loaded.sha256), loaded.call, loaded.file)


def _told_apart(found: list[Plugin], taken: tuple[str, ...]) -> tuple[Plugin, ...]:
    """A name that two of them have, or one of the planner's own, gives way to the whole reference."""
    counts = Counter(one.name for one in found)
    return tuple(
        replace(one, name=f"own {one.name}" if ":" not in one.origin.reference else one.origin.reference)
        if counts[one.name] > 1 or one.name in taken
        else one
        for one in found
    )


def changed_since(problem: Problem, root: Path) -> tuple[str, ...]:
    """What a saved problem was planned with and is not the same here any more, a line each.

    No file of the blueprint that changed is run.
    """
    found = []
    for origin in problem.settings.origins:
        if origin.place == BUILT_IN_PLACE:
            continue
        if ":" in origin.reference:
            path = split_reference(origin.reference)[0]
            try:
                if sha256_hex((root / path).read_bytes()) != origin.sha256:
                    found.append(f"{path}: changed since")
            except OSError as error:
                found.append(f"{path}: {error.strerror}")
            continue
        there = [one for group in GROUPS.values() for one in installed(group) if one.name == origin.reference]
        named = [one for one in there if one.distribution == origin.place]
        if not named:
            now = f"{there[0].distribution} is" if there else "it is not"
            found.append(f"{origin.reference} of {origin.place}: {now} installed now")
        elif load_installed(named[0]).sha256 != origin.sha256:
            found.append(f"{origin.reference} of {origin.place}: changed since")
    return tuple(dict.fromkeys(found))


def reload_plugins(problem: Problem, root: Path) -> tuple[Plugins, tuple[str, ...]]:
    """Returns the plug-ins of a saved problem where all are unchanged; else none, and a line for each that changed."""
    if not problem.settings.origins:
        return NO_PLUGINS, ()
    changed = changed_since(problem, root)
    return (NO_PLUGINS, changed) if changed else (plugins_of(problem.settings, root), ())
