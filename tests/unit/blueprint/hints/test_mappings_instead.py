"""Bare values in place of mappings: what a hint says to write has every field that the mapping needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.hints.foreign_terms import mapping_instead
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.text.reader import read_plain

VALUES = ("web", "lab-1", "4", 4, "50%", "10s", "512Mi", "15/s", "/data", "a:/b", "modules/x", "a -> b", "a=b", "80:80")


def _models(model: type[Model] = Model) -> Iterator[type[Model]]:
    for inner in model.__subclasses__():
        if inner.__module__.startswith("rohe_iac.blueprint.language"):
            yield inner
            yield from _models(inner)


@pytest.mark.parametrize("value", VALUES)
def test_no_mapping_lacks_a_field(value: object) -> None:
    assert KINDS
    lacking = []
    for model in _models():
        fields = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
        hint = mapping_instead(value, fields, [name for name, required in fields.items() if required])
        if not hint.startswith("write it as "):
            continue
        (written,) = read_plain(hint.removeprefix("write it as ")).values
        try:
            model.model_validate(written, by_alias=True, by_name=False)
        except ValidationError as error:
            lacking += [(model.__name__, hint) for item in error.errors() if item["type"] in ("missing", "extra")]
    assert lacking == []
