"""A finding becomes a diagnostic at the place where its value, or its key, is written."""

from __future__ import annotations

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.source_text import SourceText

TEXT = "kind: Stack\nspec:\n  pipelines: [a, b]\n"


def document(origin: str = "") -> Document:
    source = SourceText("blueprints/x.yaml", TEXT)
    return Document(source, 0, source.parsed.values[0], origin=origin)


def test_a_finding_is_reported_at_its_value_or_key() -> None:
    finding = Finding(document(), ("spec", "pipelines", 1), "R202", "no pipeline 'b'")
    assert str(finding.diagnostic().place) == "blueprints/x.yaml:3:18"
    assert finding.diagnostic().excerpt == "  pipelines: [a, b]"
    on_key = Finding(document(), ("spec", "pipelines"), "R106", "unknown", on_key=True)
    assert str(on_key.diagnostic().place) == "blueprints/x.yaml:3:3"
    assert str(finding.at(("kind",)).diagnostic().place) == "blueprints/x.yaml:1:7"


def test_a_finding_in_a_module_names_the_use() -> None:
    diagnostic = Finding(document("cam"), (), "R133", "more", more=3).diagnostic()
    assert diagnostic.message == "more (in module use 'cam')"
    assert diagnostic.more == 3
