"""What the language takes, the schema that editors use takes too: it never underlines what is right."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from drawing import generator
from fuzz_mutations import change_value
from pydantic import ValidationError

from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.schema.reference import schema_of
from rohe_iac.blueprint.text.reader import read_plain

WHOLE = Path(__file__).parent / "corpus" / "blueprint" / "whole.yaml"
MODULE = """
apiVersion: rohe.dev/v1
kind: Module
metadata: {name: m, version: 1.2.0}
spec:
  inputs:
    replicas: {type: integer, default: 2, minimum: 1, maximum: 5, description: Replicas.}
    zones: {type: list, default: [a]}
    word: {type: string, enum: [a, b], pattern: a|b}
  sources: [pipeline.yaml]
"""
TRIES = 700


def samples() -> dict[str, Any]:
    values = [*read_plain(WHOLE.read_text()).values, *read_plain(MODULE).values]
    return {value["kind"]: value for value in values}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_model_takes_the_schema_takes(kind: str) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    rng, sample = generator(kind), samples()[kind]
    taken = 0
    for _ in range(TRIES):
        value = change_value(copy.deepcopy(sample), rng)
        # JSON has neither NaN nor infinity, and what is of another kind has another schema.
        if not isinstance(value, dict) or value.get("kind") != kind or not _finite(value):
            continue
        try:
            KINDS[kind].model_validate(value, by_alias=True, by_name=False)
        except ValidationError:
            continue
        taken += 1
        assert value.get("apiVersion") is None or [error.message for error in validator.iter_errors(value)] == []
    assert taken > TRIES // 50


def _finite(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or abs(value) <= sys.float_info.max
