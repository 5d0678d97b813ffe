"""Fields of other tools: each hint names fields that the published schema has at that place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.hints.foreign_fields import LEFT_OUT, PLACES, foreign_hint
from rohe_iac.blueprint.validation.validate import validate

SCHEMAS = Path(__file__).parents[4] / "docs" / "schemas"

NAMED = (
    "gpu", "gpus", "devices", "env_file", "dependsOn", "secrets", "configs", "job", "daemonset", "mode", "scale",
    "count", "mem_limit", "cpus", "platform", "imagePullSecrets", "variables", "memory", "nodeName",
)  # fmt: skip
"""Words that people write in a service; `envFrom`, `user`, `init` and `devices` have these names here, too."""


def _resolved(schema: dict[str, Any], part: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(part, dict):
        return
    if "$ref" in part:
        yield from _resolved(schema, schema["$defs"][part["$ref"].rpartition("/")[2]])
    for name in ("anyOf", "oneOf", "allOf"):
        for choice in part.get(name, ()):
            yield from _resolved(schema, choice)
    if "properties" in part:
        yield part


def _mappings(kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yields the schema of a kind with each of its mappings of known fields."""
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text())
    yield schema, schema
    for part in schema["$defs"].values():
        if "properties" in part:
            yield schema, part


def _has(schema: dict[str, Any], part: dict[str, Any], steps: tuple[str, ...]) -> bool:
    parts = [part]
    for step in steps:
        inner = [own["properties"][step] for own in parts if step in own["properties"]]
        if not inner:
            return False
        parts = [own for item in inner for own in _resolved(schema, item)]
    return True


@pytest.mark.parametrize("kind", ["pipeline", "inventory", "observationcontract", "stack", "module"])
def test_each_place_that_is_told_exists_there(kind: str) -> None:
    for schema, part in _mappings(kind):
        for term in PLACES:
            hint = foreign_hint(term, lambda steps, schema=schema, part=part: _has(schema, part, steps))
            if hint:
                match = re.fullmatch(r"here it is (\w+)(?:[:,] (?!under ).*?)?(?:, under ([\w.]+))?", hint)
                assert match is not None, hint
                steps = (*(match[2].split(".") if match[2] else ()), match[1])
                assert _has(schema, part, steps), (term, hint)


def hint_in_service(term: str) -> str:
    """Returns the hint about a field of a service."""
    source = SourceText(
        "a.yaml",
        "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: p}\n"
        f"spec: {{services: [{{name: a, command: [a], {term}: x}}]}}\n",
    )
    document = Document(source, 0, source.parsed.values[0], "Pipeline", "p")
    return next((item.hint for item in validate(document) if item.code == "R106"), "")


@pytest.mark.parametrize("term", [term for term in NAMED if term != "devices"])
def test_a_word_of_another_tool_has_a_place_in_a_service(term: str) -> None:
    assert hint_in_service(term).startswith(("here it is ", "did you mean"))


@pytest.mark.parametrize(
    ("term", "hint"),
    [
        ("gpu", "here it is accelerators: {gpu: {count: 1}}, under requests"),
        ("mem_limit", "here it is memory, under limits"),
        ("platform", "here it is arch"),
        ("scale", "here it is replicas"),
        ("daemonset", "here it is replicas: perNode, for one replica on each node"),
        ("zone", "here it is nodeSelector: {zone: ...}, under placement"),
        ("restart", "leave it out: what ends is started again"),
    ],
)
def test_the_hint_says_what_to_write(term: str, hint: str) -> None:
    assert hint_in_service(term) == hint


def test_a_word_without_a_place_is_told_nothing() -> None:
    assert foreign_hint("zone", lambda steps: False) == ""
    assert not LEFT_OUT.keys() & PLACES.keys()
