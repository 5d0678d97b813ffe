"""Documents of rohe are recognised by apiVersion and kind, misspelt ones too; others are left alone."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.validation.identify import identify


def document(text: str) -> Document:
    source = SourceText("blueprints/x.yaml", text)
    return Document(source, 0, source.parsed.values[0])


@pytest.mark.parametrize(
    ("text", "codes", "kind"),
    [
        ("apiVersion: rohe.dev/v1\nkind: Stack\n", [], "Stack"),
        ("apiversion: rohe.dev/v1\nkind: Stack\n", ["R106"], "Stack"),
        ("kind: Stack\n", ["R102"], "Stack"),
        ("apiVersion: rohe/v1\nkind: Stack\n", ["R103"], "Stack"),
        ("apiVersion: rohe.dev/v9\nkind: Stack\n", ["R103"], ""),
        ("apiVersion: rohe.dev/v1\nkind: Stak\n", ["R104"], "Stack"),
        ("apiVersion: rohe.dev/v1\nkind: Deployment\n", ["R104"], "Pipeline"),
        ("apiVersion: rohe.dev/v1\n", ["R107"], ""),
        ("apiVersion: apps/v1\nkind: Deployment\n", ["R105"], ""),
        ("- kind: Stack\n", ["R105"], ""),
    ],
)
def test_a_document_is_identified_or_its_fault_is_named(text: str, codes: list[str], kind: str) -> None:
    found = document(text)
    assert [finding.code for finding in identify(found)] == codes
    assert found.kind == kind


def test_an_unknown_kind_of_another_tool_is_translated() -> None:
    (finding,) = identify(document("apiVersion: rohe.dev/v1\nkind: Deployment\n"))
    assert finding.hint == "did you mean 'Pipeline'?"
