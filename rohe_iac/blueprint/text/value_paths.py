"""Paths of values while a text is read, container by container."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.text.parsed import Path

DROPPED = object()
"""The key of a value that is left out of its mapping."""

OuterContainer = tuple[Any, Any, str | None, int, Any, Path | None]
"""An open container around the current one: itself, its key, anchor, first count, begin mark and path."""


def path_below(path: Path | None, container: Any, key: Any) -> Path | None:
    """Returns the path of the container that begins in `container`, which is at `path`; None where it has none."""
    if container is None:
        return ()
    if path is None:
        return None
    if container.__class__ is list:
        return (*path, len(container))
    return None if key is None or key is DROPPED else (*path, key)


def value_path(stack: list[OuterContainer], container: Any, key: Any) -> Path | None:
    """Returns the path of the next value of `container`; None where it has none, as a key or the value of a bad key."""
    steps: list[str | int] = []
    # The outermost entry is the document's own, which is in no container.
    for item in stack[1:]:
        outer, step = item[0], item[1]
        if outer.__class__ is list:
            steps.append(len(outer))
        elif step is None or step is DROPPED:
            return None
        else:
            steps.append(step)
    if container.__class__ is list:
        steps.append(len(container))
    elif container is not None:
        if key is None or key is DROPPED:
            return None
        steps.append(key)
    return tuple(steps)
