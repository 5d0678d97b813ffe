"""Faulty parts are left out of a model, and every fault of a document is found in one run."""

from __future__ import annotations

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.profile import ProfileForm
from rohe_iac.blueprint.validation.validate import MAX_FAULTS, form_findings, validate

HEAD = "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  services:\n"


def document(text: str) -> Document:
    source = SourceText("x.yaml", text)
    return Document(source, 0, source.parsed.values[0], kind="Pipeline")


def test_the_model_is_made_of_the_parts_without_faults() -> None:
    found = document(f"{HEAD}    - {{name: a, replicas: many}}\n    - {{name: b, cpus: 2}}\n    - {{command: [x]}}\n")
    findings = validate(found)
    assert {(finding.code, finding.path[2:]) for finding in findings} == {
        ("R108", ("services", 0, "replicas")[1:]),
        ("R106", (1, "cpus")),
        ("R107", (2,)),
    }
    assert isinstance(found.model, Pipeline)
    assert [service.name for service in found.model.spec.services][:2] == ["a", "b"]


def test_only_the_first_of_very_many_faults_are_described() -> None:
    text = HEAD + "".join(f"    - {{name: a{n}, colour: red}}\n" for n in range(MAX_FAULTS + 50))
    findings = validate(document(text))
    assert len(findings) == MAX_FAULTS + 1
    assert findings[-1].code == "R133"
    assert findings[-1].more >= 50
    assert [finding.code for finding in validate(document(text), room=0)] == ["R133"]


def test_a_document_outside_the_language_is_held_to_its_form() -> None:
    source = SourceText("profile.yaml", "profile: 1\nservice: Camera\n")
    profile = Document(source, 0, source.parsed.values[0], kind="profile")
    assert [finding.code for finding in form_findings(profile, ProfileForm)] == ["R111"]
    assert profile.model is None
