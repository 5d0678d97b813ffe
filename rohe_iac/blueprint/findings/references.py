"""Checks of names that refer to something, with the same messages wherever the names are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.remainder import UNNAMED
from rohe_iac.blueprint.hints.nearest import did_you_mean, nearest
from rohe_iac.blueprint.hints.writing import quoted_text
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.diagnostics import Severity
from rohe_iac.foundation.user_modules import ModuleFault

_NUMBER = re.compile(r"\d+")

MISSING_CODES = frozenset(("R202", "R203", "R204", "R205", "R206", "R207", "R208", "R209"))
"""Codes of references to nothing, and of nothing else; `--allow-missing-references` makes notes of them."""

FILE_CODES = frozenset(("R217", "R218", "R219", "R225"))
"""Codes of files that documents name: folders, profiles and user modules."""

NEEDLESS_BESIDE = {"R010": "R108", "R252": "R134"}
"""Codes of remarks about a value, each with that of the fault with a hint which makes it needless at the same place."""

MAX_CYCLES = 20
"""The most cycles that are searched in one graph."""

ABSENCE_CODES = frozenset(("R107", "R114", "R116", "R220", "R221", "R228", "R229"))
"""Codes about something absent, which may exist but be faulty."""


def check_reference(
    document: Document,
    path: Path,
    code: str,
    what: str,
    name: str,
    known: Collection[str],
    *,
    whole: str = "",
    on_key: bool = False,
    may_exist: bool = False,
    taken: Collection[str] = (),
    among: tuple[Path, ...] = (),
    of: tuple[Path, ...] = (),
) -> Iterator[Finding]:
    """Yields a finding where `name` is not among `known`, unless a faulty part of the document may hold it.

    Args:
        document: The document with the reference.
        path: The path of the reference.
        code: The code of the finding.
        what: The word for what the name is one of.
        name: The name.
        known: The names that exist.
        whole: The text that the name is a part of, as it is written; "" where the name is all of it.
        on_key: Whether the name is the key rather than the value.
        may_exist: Whether another document, which is faulty, may have the name.
        taken: Names that are beside it already, so that none of them was meant.
        among: Paths in the model of what has the known names, which may lack a faulty one.
        of: Paths in the model of other values that the finding follows from.
    """
    if name in known or name in document.broken_names:
        return
    # Where any name may exist, only one that is near to a known one is surely misspelt.
    if not (document.has_unknown_names or may_exist or document.lacks_names(*among)) or _is_misspelt(name, known):
        meant = [item for item in known if item not in taken] if taken else known
        hint = name_hint(document, name, meant, whole)
        yield Finding(document, path, code, f"no {what} '{name[:63]}'", hint, on_key=on_key, of=of)


def _is_misspelt(name: str, known: Collection[str]) -> bool:
    """Checks whether a name is surely a misspelt one of `known`: it is near to one, and not another of a series."""
    written = name.rpartition("/")[2]
    near = nearest(written, sorted(item.rpartition("/")[2] for item in known))
    return near != "" and _NUMBER.sub("0", near) != _NUMBER.sub("0", written)


def name_hint(document: Document, name: str, known: Collection[str], whole: str = "") -> str:
    """Returns a hint which name was meant; "" once the run has given many hints, since nobody reads hundreds.

    Args:
        document: The document with the name.
        name: The name that is not known.
        known: The names that exist.
        whole: The text that the name is the last occurrence in; "" where the name is all of it.
    """
    document.allowance.guesses -= len(known)
    last_part = name.rpartition("/")[2]
    if last_part != name and last_part in known:
        return f"did you mean {quoted_text(last_part)}?"
    if document.allowance.guesses <= 0:
        return ""
    names = _written_names(known)
    if whole and name and (near := nearest(name, sorted(names))):
        before, _, after = whole.rpartition(name)
        return f"did you mean {quoted_text(before + near + after)}?"
    return did_you_mean(name, names)


def guessed_name(document: Document, name: str, known: Collection[str]) -> str:
    """Returns the name that was meant; "" where none is near, and once the run has compared many names.

    Args:
        document: The document with the name.
        name: The name that is not known.
        known: The names that exist; of two that are as near, the first is meant.
    """
    document.allowance.guesses -= len(known)
    return nearest(name, known) if document.allowance.guesses > 0 else ""


def check_user_module(
    document: Document, path: Path, fault: ModuleFault | None, imports: Sequence[ModuleFault] = ()
) -> Iterator[Finding]:
    """Yields the findings of a reference to a user module.

    Args:
        document: The document with the reference.
        path: The path of the reference.
        fault: What is wrong with the reference; None for nothing.
        imports: The faults of the module's imports, which are warnings: another machine may have the modules.
    """
    for missing in imports:
        yield warning(document, path, "R239", f"{missing.message} (line {missing.line})", missing.hint)
    if fault is None:
        return
    if fault.part == "unread":
        yield warning(document, path, "R133", fault.message, "check fewer user modules at once, or shorter ones")
        return
    code = {"file": "R217", "name": "R218", "signature": "R219"}[fault.part]
    line = f" (line {fault.line})" if fault.line else ""
    yield Finding(document, path, code, fault.message + line, fault.hint)


def _written_names(known: Collection[str]) -> list[str]:
    """Returns the names that were written, without those that stand for faulty ones."""
    return [name for name in known if name and not name.rpartition("/")[2].startswith(UNNAMED)]


def check_unique(
    document: Document, path: Path, what: str, names: Sequence[str], key: str = "name"
) -> Iterator[Finding]:
    """Yields a finding for every name that is in a list for the second time; `key` is the field that holds the name."""
    if len(set(names)) == len(names):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            number = number_in_list(document, (*path, first[name]))
            message = f"{what} '{name}' is here twice, first as number {number} of the list"
            place = (*path, index, key) if key else (*path, index)
            yield Finding(document, place, "R210", message, "names are unique within a list")
        first.setdefault(name, index)


def number_in_list(document: Document, path: Path) -> int:
    """Returns the number of an item in its list as written, from 1; the model lacks faulty items before it."""
    return int(document.remainder.original(path)[-1] if document.remainder is not None else path[-1]) + 1


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """Returns the names along one cycle of the directed edges, from its least name on; empty where there is none.

    Of several cycles the result is the one with the least name, so that the order of edges does not matter.
    """
    return next(iter(_cycles_apart(_successors_behind(edges))), [])


def find_cycles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Returns cycles of the directed edges, each from its least name on, of which no two have an edge in common.

    One edge has to go for each of them, so that none is the consequence of another. At most MAX_CYCLES are searched.
    """
    left = set(edges)
    found: list[list[str]] = []
    while len(found) < MAX_CYCLES and (more := _cycles_apart(_successors_behind(left))):
        found += more
        left -= {step for cycle in more for step in steps_of(cycle)}
    return sorted(found[:MAX_CYCLES])


def without_cycles(edges: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Returns the edges without all those between names that lead to one another, which leaves no cycle."""
    component = {
        name: number
        for number, names in enumerate(_components_with_cycles(_successors_behind(edges)))
        for name in names
    }
    return [(begin, end) for begin, end in edges if begin not in component or component[begin] != component.get(end)]


def steps_of(cycle: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the edges of a cycle, in order."""
    return list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def _successors_behind(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Returns the ends of the edges by their begin, of all names that are on a cycle or behind one."""
    following: dict[str, set[str]] = {}
    for begin, end in edges:
        following.setdefault(begin, set()).add(end)
        following.setdefault(end, set())
    # Kahn's algorithm: names left after removing all names without incoming edges are on or behind a cycle.
    incoming = dict.fromkeys(following, 0)
    for ends in following.values():
        for end in ends:
            incoming[end] += 1
    without_incoming = [name for name, count in incoming.items() if count == 0]
    while without_incoming:
        for end in following.pop(without_incoming.pop()):
            incoming[end] -= 1
            if incoming[end] == 0:
                without_incoming.append(end)
    return {name: sorted(end for end in ends if end in following) for name, ends in following.items()}


def _cycles_apart(successors: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Returns one cycle of each set of names that lead to one another, in the order of their least names."""
    cycles = []
    for names in sorted(_components_with_cycles(successors), key=min):
        inside = {name: [end for end in successors[name] if end in names] for name in names}
        cycles.append(_path_back(min(names), inside))
    return cycles


def _components_with_cycles(successors: Mapping[str, Sequence[str]]) -> list[set[str]]:
    """Returns the sets of names that lead to one another (Tarjan's strongly connected components, no recursion)."""
    index_of: dict[str, int] = {}
    low_link: dict[str, int] = {}
    pending: list[str] = []
    on_stack: set[str] = set()
    components: list[set[str]] = []
    for root in successors:
        if root in index_of:
            continue
        work = [(root, iter(successors[root]))]
        index_of[root] = low_link[root] = len(index_of)
        pending.append(root)
        on_stack.add(root)
        while work:
            name, ends = work[-1]
            for end in ends:
                if end not in index_of:
                    index_of[end] = low_link[end] = len(index_of)
                    pending.append(end)
                    on_stack.add(end)
                    work.append((end, iter(successors[end])))
                    break
                if end in on_stack:
                    low_link[name] = min(low_link[name], index_of[end])
            else:
                work.pop()
                if work:
                    low_link[work[-1][0]] = min(low_link[work[-1][0]], low_link[name])
                if low_link[name] == index_of[name]:
                    component = [pending.pop()]
                    while component[-1] != name:
                        component.append(pending.pop())
                    on_stack.difference_update(component)
                    if len(component) > 1 or name in successors[name]:
                        components.append(set(component))
    return components


def format_cycle(cycle: list[str]) -> str:
    """Returns `a -> b -> a`, with the middle left out where the cycle is long."""
    names = cycle if len(cycle) <= 10 else [*cycle[:5], "...", *cycle[-4:]]
    return " -> ".join([*names, cycle[0]])


def _path_back(begin: str, following: Mapping[str, Sequence[str]]) -> list[str]:
    came_from: dict[str, str] = {}
    reached = [begin]
    for name in reached:
        for end in following.get(name, ()):
            if end == begin:
                path = [name]
                while path[-1] != begin:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if end not in came_from:
                came_from[end] = name
                reached.append(end)
    return []


def warning(
    document: Document,
    path: Path,
    code: str,
    message: str,
    hint: str = "",
    *,
    on_key: bool = False,
    of: tuple[Path, ...] = (),
) -> Finding:
    """Returns a finding that does not make the blueprint invalid."""
    return Finding(document, path, code, message, hint, Severity.WARNING, on_key, of=of)
