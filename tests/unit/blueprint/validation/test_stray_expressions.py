"""Expressions outside modules are warned of, as often as anybody reads."""

from __future__ import annotations

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.validation.stray_expressions import MAX_STRAYS, check_strays


def document(text: str, kind: str = "Pipeline") -> Document:
    source = SourceText("x.yaml", text)
    return Document(source, 0, source.parsed.values[0], kind=kind)


def test_an_expression_that_names_an_input_is_found_where_it_is() -> None:
    text = 'spec: {services: [{image: "{{ inputs.image }}", args: ["{{ .Name }}"]}]}\n'
    assert [finding.path for finding in check_strays(document(text))] == [("spec", "services", 0, "image")]
    assert list(check_strays(document(text, "Module"))) == []


def test_only_the_first_of_many_are_reported() -> None:
    text = "args: [" + "'{{ inputs.n }}', " * (MAX_STRAYS + 1) + "]\n"
    assert len(list(check_strays(document(text)))) == MAX_STRAYS
