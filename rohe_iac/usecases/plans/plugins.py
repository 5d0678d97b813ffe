"""The filters, scorers and strategy that a stack names: found, loaded and recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.user_callables import Loaded, installed_callables, load_from_path, load_installed
from rohe_iac.foundation.user_modules import split_reference
from rohe_iac.planning.model.plugins.builtin import BUILT_IN
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Origin, Plugin, Plugins
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.strategies import SCORERS, STRATEGIES
from rohe_iac.planning.placement.rules.registry import RULE_NAMES

GROUPS = {"filter": "rohe.filters", "scorer": "rohe.scorers", "strategy": "rohe.strategies"}
"""The group of entry points in which each kind is found."""

BUILT_IN_PLACE = "rohe"
"""The origin of built-in callables; a plan file names the version of rohe itself."""


class UnknownPlugin(RoheError):
    """The stack names a filter, scorer or strategy that is not built in, not installed and no path."""

    exit_code = ExitCode.INVALID


def load_plugins(problem: Problem, root: Path) -> tuple[Problem, Plugins, tuple[Source, ...]]:
    """Returns the problem with the callables that its settings name, and the files of the blueprint that have them.

    Raises:
        UnusableModule: a module cannot be loaded, or has no such callable.
        UnknownPlugin: a name is neither built in nor installed.
    """
    found = plugins_of(problem.settings, root)
    if not found:
        return problem, found, ()
    origins = tuple(plugged.origin for plugged in found.all)
    files = {
        split_reference(origin.reference)[0]: origin.sha256
        for origin in origins
        if ":" in origin.reference and origin.sha256
    }
    settings = replace(problem.settings, origins=origins)
    sources = tuple(Source(path, digest) for path, digest in sorted(files.items()))
    return replace(problem, settings=settings), found, sources


def plugins_of(settings: Settings, root: Path) -> Plugins:
    """Returns the callables that the settings name, each with the name that it has in plans.

    Raises:
        UnusableModule: a module cannot be loaded, or has no such callable.
        UnknownPlugin: a name is neither built in nor installed.
    """
    filters = [_find(kind="filter", reference=name, root=root) for name in settings.filters]
    scorers = [_find(kind="scorer", reference=name, root=root) for name, _ in settings.scorers]
    strategy = None
    if settings.strategy not in STRATEGIES:
        strategy = _find(kind="strategy", reference=settings.strategy, root=root)
    return Plugins(_with_distinct_names(filters, RULE_NAMES), _with_distinct_names(scorers, SCORERS), strategy)


def _find(*, kind: str, reference: str, root: Path) -> Plugin:
    """Returns the callable of a kind that a path, or the name of a built-in or installed one, refers to."""
    if ":" in reference:
        return _plugged(kind, reference, reference.rpartition(":")[2], load_from_path(reference, root))
    built_in = BUILT_IN[kind].get(reference)
    if built_in is not None:
        return Plugin(kind, reference, Origin(reference, BUILT_IN_PLACE), built_in)
    known = installed_callables(GROUPS[kind])
    named = [entry for entry in known if entry.name == reference]
    if len(named) == 1:
        return _plugged(kind, reference, reference, load_installed(named[0]))
    if named:
        raise UnknownPlugin(
            f"{len(named)} installed distributions have a {kind} '{reference}'",
            detail="\n".join(f"{entry.value} of {entry.distribution}" for entry in named),
            hint="name the file that you mean by its path, or uninstall all but one",
        )
    there = sorted({*BUILT_IN[kind], *(STRATEGIES if kind == "strategy" else ()), *(entry.name for entry in known)})
    raise UnknownPlugin(
        f"no {kind} is called '{reference[:60]}'",
        detail=f"built in or installed ({GROUPS[kind]}): {', '.join(there)}",
        hint=f"name one of your own by its path: user_modules/{kind}s.py:name".replace("strategys", "strategies"),
    )


def _plugged(kind: str, reference: str, name: str, loaded: Loaded) -> Plugin:
    return Plugin(kind, name, Origin(reference, loaded.place, loaded.sha256), loaded.call, loaded.file)


def _with_distinct_names(found: list[Plugin], taken: tuple[str, ...]) -> tuple[Plugin, ...]:
    """Returns the callables, named by their whole references where a name is taken or two of them share it."""
    counts = Counter(plugged.name for plugged in found)
    return tuple(
        replace(plugged, name=_distinct_name(plugged)) if counts[plugged.name] > 1 or plugged.name in taken else plugged
        for plugged in found
    )


def _distinct_name(plugged: Plugin) -> str:
    reference = plugged.origin.reference
    return reference if ":" in reference else f"own {plugged.name}"


def changed_since(problem: Problem, root: Path) -> tuple[str, ...]:
    """Returns which callables of a saved problem have changed or are gone since, a line each.

    No file of the blueprint that has changed is run.
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
        there = [
            entry for group in GROUPS.values() for entry in installed_callables(group) if entry.name == origin.reference
        ]
        named = [entry for entry in there if entry.distribution == origin.place]
        if not named:
            now = f"{there[0].distribution} is" if there else "it is not"
            found.append(f"{origin.reference} of {origin.place}: {now} installed now")
        elif load_installed(named[0]).sha256 != origin.sha256:
            found.append(f"{origin.reference} of {origin.place}: changed since")
    return tuple(dict.fromkeys(found))


def reload_plugins(problem: Problem, root: Path) -> tuple[Plugins, tuple[str, ...]]:
    """Returns the plug-ins of a saved problem where all are unchanged; else none, and a line for each that changed.

    Raises:
        UnusableModule, UnknownPlugin: as `plugins_of`.
    """
    if not problem.settings.origins:
        return NO_PLUGINS, ()
    changed = changed_since(problem, root)
    return (NO_PLUGINS, changed) if changed else (plugins_of(problem.settings, root), ())
