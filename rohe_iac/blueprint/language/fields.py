"""Fields and values that the language allows at a place, looked up in the models."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from rohe_iac.blueprint.language.base import Model


def annotations_at(model: type[Model], location: tuple[str | int, ...]) -> list[Any]:
    """Returns the types that the value at `location` may have."""
    return _annotations(model, tuple(0 if isinstance(step, int) else step for step in location))


@lru_cache(maxsize=512)
def _annotations(model: type[Model], location: tuple[str | int, ...]) -> list[Any]:
    current: list[Any] = [model]
    for step in location:
        if isinstance(step, str) and step.startswith("<"):
            continue
        inner: list[Any] = []
        for annotation in current:
            inner += _annotations_inside(annotation, step)
        current = inner or current
    return [leaf for annotation in current for leaf in unwrap_annotation(annotation)]


def unwrap_annotation(annotation: Any) -> Iterator[Any]:
    """Yields the types that an annotation allows: Annotated and unions taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from unwrap_annotation(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from unwrap_annotation(part)
    else:
        yield annotation


def _annotations_inside(annotation: Any, step: str | int) -> Iterator[Any]:
    for leaf in unwrap_annotation(annotation):
        origin = get_origin(leaf)
        if isinstance(leaf, type) and issubclass(leaf, BaseModel):
            for name, field in leaf.model_fields.items():
                if step in (name, field.alias):
                    yield field.annotation
        elif origin is tuple and isinstance(step, int):
            yield get_args(leaf)[0]
        elif origin is dict:
            yield get_args(leaf)[1]


def fields_at(model: type[Model], location: tuple[str | int, ...]) -> set[str]:
    """Returns the names of the fields, as written in YAML, that the mapping at `location` may have."""
    names: set[str] = set()
    for leaf in annotations_at(model, location):
        if isinstance(leaf, type) and issubclass(leaf, BaseModel):
            names |= {field.alias or name for name, field in leaf.model_fields.items()}
    return names


def required_at(model: type[Model], location: tuple[str | int, ...]) -> set[str]:
    """Returns those of `fields_at` that the mapping cannot be without."""
    return {
        field.alias or name
        for leaf in annotations_at(model, location)
        if isinstance(leaf, type) and issubclass(leaf, BaseModel)
        for name, field in leaf.model_fields.items()
        if field.is_required()
    }


def literals_at(model: type[Model], location: tuple[str | int, ...]) -> list[Any]:
    """Returns the values that are allowed at `location`."""
    return [value for leaf in annotations_at(model, location) for value in get_args(leaf)]
