"""Sure hints are followed in mind: what an edit would bring to light is told in the same run, at its own place."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.remainder import Remainder
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.validation.following import follow, put
from rohe_iac.blueprint.validation.lookup import value_at
from rohe_iac.blueprint.validation.validate import validate
from rohe_iac.cli.views.authoring.diagnostic_forms import DiagnosticForm, EditForm
from rohe_iac.cli.views.authoring.diagnostics import as_json

HEAD = "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: p}\n"


def faults(text: str) -> dict[str, str]:
    """Returns what is found, by line and column."""
    source = SourceText("a.yaml", HEAD + text)
    document = Document(source, 0, source.parsed.values[0], "Pipeline", "p")
    found = validate(document)
    return {f"{item.place.line}:{item.place.column}": item.code for item in map(Finding.diagnostic, found)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A misspelt field, and a fault inside it.
        (
            "spec: {services: [{name: a, comand: [a], requets: {cpu: 1x}}]}",
            {"4:29": "R106", "4:42": "R106", "4:57": "R112"},
        ),
        # A mapping for a list.
        (
            "spec: {services: {name: a, requests: {cpu: 1x}}}",
            {"4:8": "R108", "4:44": "R112"},
        ),
        # A list for a mapping.
        (
            "spec: {services: [{name: a, requests: [{cpu: 1x}, {memory: {rss: 1y}}]}]}",
            {"4:29": "R108", "4:46": "R112", "4:66": "R112"},
        ),
        # A field at another place.
        (
            "spec: {services: [{name: a, tolerations: [{key: a, effect: noschedule}]}]}",
            {"4:29": "R106", "4:60": "R109"},
        ),
    ],
)
def test_what_is_inside_a_faulty_part_is_told_as_well(text: str, expected: dict[str, str]) -> None:
    assert faults(text) == expected


def test_a_field_that_is_there_already_is_not_overwritten() -> None:
    value = {"spec": {"replica": 1, "replicas": 2}}
    source = SourceText("a.yaml", "spec: {replica: 1, replicas: 2}")
    document = Document(source, 0, value)
    finding = Finding(document, ("spec", "replica"), "R106", "unknown", "did you mean 'replicas'?", on_key=True)
    followed = follow(finding, ("spec", "replica"), 1, set(), set())
    assert followed is not None
    assert not put(document, Remainder(value), followed)


def test_a_part_is_found_by_its_path() -> None:
    assert value_at({"a": [{"b": 1}]}, ("a", 0, "b")) == 1
    assert value_at({"a": [{"b": 1}]}, ("a", 1, "b")) is None


def test_the_edit_of_a_hint_is_in_the_json() -> None:
    source = SourceText("a.yaml", HEAD + "spec: {services: [{name: a, comand: [a]}]}")
    document = Document(source, 0, source.parsed.values[0], "Pipeline", "p")
    (item,) = as_json([finding.diagnostic() for finding in validate(document)])["diagnostics"]
    assert isinstance(document.model, Pipeline)
    assert item.keys() == DiagnosticForm.__annotations__.keys()
    assert item["fix"] == {"line": 4, "column": 29, "endLine": 4, "endColumn": 35, "text": "command"}
    assert item["fix"].keys() == EditForm.__annotations__.keys()
