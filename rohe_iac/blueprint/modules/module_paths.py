"""Paths of the repository in the documents of a module: written from its folder, and used from the root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar, get_args

from rohe_iac.blueprint.language.base import FROM_FOLDER, Model

M = TypeVar("M", bound=Model)


def relocated(model: M, folder: str) -> M:
    """Returns a part of a module's document with every path of the repository relative to the root.

    Only fields of a path's type are looked at, never a key that is called alike, such as a variable `profile`. A
    default is relocated as well, and still counts as not written.

    Args:
        model: The part; it stays as it is.
        folder: The module's folder, relative to the root.
    """
    changes = dict(_changes(model, folder))
    if not changes:
        return model
    copied: M = type(model).model_construct(model.model_fields_set, **{**model.__dict__, **changes})  # type: ignore[assignment]
    return copied


def _changes(model: Model, folder: str) -> Iterator[tuple[str, Any]]:
    paths = _path_fields(type(model))
    for name, value in model.__dict__.items():
        if name in paths and isinstance(value, str):
            if not os.path.isabs(value):
                yield name, os.path.normpath(f"{folder}/{value}")
        elif name in model.model_fields_set:
            moved = _relocated_value(value, folder)
            if moved is not value:
                yield name, moved


def _relocated_value(value: Any, folder: str) -> Any:
    """Returns a value with its paths relocated; the value itself where it has none."""
    if isinstance(value, Model):
        return relocated(value, folder)
    if isinstance(value, dict):
        items = {key: _relocated_value(part, folder) for key, part in value.items()}
        return items if any(items[key] is not part for key, part in value.items()) else value
    if isinstance(value, tuple | list):
        parts = [_relocated_value(part, folder) for part in value]
        return type(value)(parts) if any(new is not old for new, old in zip(parts, value, strict=True)) else value
    return value


@cache
def _path_fields(model: type[Model]) -> frozenset[str]:
    """Returns the fields of a model that hold paths of the repository."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if FROM_FOLDER in field.metadata or _is_marked(field.annotation)
    )


def _is_marked(annotation: Any) -> bool:
    return annotation is FROM_FOLDER or any(_is_marked(part) for part in get_args(annotation))
