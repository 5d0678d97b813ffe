"""Models are frozen and strict, and their quantities have one unit each."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from rohe_iac.blueprint.language.base import EMPTY, Bytes, Metadata, Millicores, Seconds, Share, schema_requiring_one


@pytest.mark.parametrize(
    ("annotation", "written", "value"),
    [(Millicores, "0.5", 500), (Bytes, "1Ki", 1024), (Share, "15%", 1500), (Seconds, "250ms", 0.25)],
)
def test_a_quantity_is_normalised_to_its_unit(annotation: Any, written: str, value: float) -> None:
    assert TypeAdapter(annotation).validate_python(written) == value


@pytest.mark.parametrize(
    ("annotation", "written", "hint"),
    [(Bytes, "512MB", "did you mean 512Mi?"), (Seconds, "5 minutes", "did you mean 5m?"),
     (Millicores, "2 cores", "did you mean 2?"), (Millicores, "50%", "did you mean 500m? (thousandths of a core)"),
     (Seconds, 30, "did you mean 30ms or 30s?")],
)  # fmt: skip
def test_a_foreign_unit_is_refused_with_the_unit_that_was_meant(annotation: Any, written: object, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_python(written)
    (error,) = caught.value.errors()
    assert error["type"] == "R112"
    assert error["ctx"]["hint"] == hint


def test_a_model_is_frozen_strict_and_not_copied() -> None:
    metadata = Metadata.model_validate({"name": "a"})
    assert copy.deepcopy(metadata) is metadata
    assert metadata.labels is EMPTY
    with pytest.raises(ValidationError, match="extra"):
        Metadata.model_validate({"name": "a", "colour": "red"})
    with pytest.raises(ValidationError, match="is not a name") as caught:
        Metadata.model_validate({"name": "My Camera"})
    assert caught.value.errors()[0]["ctx"]["hint"] == "'my-camera' would do"


def test_the_schema_of_a_choice_asks_for_exactly_one_field() -> None:
    assert [branch["required"] for branch in schema_requiring_one("a", "b")["oneOf"]] == [["a"], ["b"]]
