"""Documents for tests of single functions, read from text without a folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.validation.identify import identify
from rohe_iac.blueprint.validation.validate import validate

HEAD = "apiVersion: rohe.dev/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n"


@pytest.fixture
def valid_document() -> Callable[[str, str], Document]:
    """Makes a document with its model from a kind and the text of its spec, indented by two."""

    def make(kind: str, spec: str) -> Document:
        source = SourceText("x.yaml", HEAD.format(kind=kind) + spec)
        document = Document(source, 0, source.parsed.values[0])
        assert identify(document) == []
        assert validate(document) == []
        return document

    return make
