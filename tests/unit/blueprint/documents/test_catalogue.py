"""Documents are found by kind and name among those that a reader sees."""

from __future__ import annotations

from rohe_iac.blueprint.documents.catalogue import Catalogue
from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.base import Model


def document(kind: str, name: str, scope: str = "", *, broken: bool = False) -> Document:
    model = None if broken else Model()
    return Document(SourceText("x.yaml", ""), 0, None, kind=kind, name=name, scope=scope, model=model)


PLAIN = document("Pipeline", "p")
OF_A = document("Pipeline", "p", "a")
OF_B = document("Pipeline", "q", "b")
STACK_A, STACK_B = document("Stack", "a"), document("Stack", "b")
CATALOGUE = Catalogue([OF_A, PLAIN, OF_B, STACK_A, STACK_B, document("Pipeline", "bad", broken=True)], {"unread"})


def test_a_stack_sees_documents_of_its_own_modules_and_of_none() -> None:
    assert set(CATALOGUE.names("Pipeline", STACK_A)) == {"p"}
    assert set(CATALOGUE.names("Pipeline", STACK_B)) == {"p", "q"}
    assert CATALOGUE.named("Pipeline", "q", STACK_A) is None
    assert CATALOGUE.named("Pipeline", "q", STACK_B) is OF_B
    assert CATALOGUE.named("Pipeline", "p", STACK_A) is PLAIN


def test_without_a_reader_every_document_is_seen() -> None:
    assert CATALOGUE.named("Pipeline", "q") is OF_B
    assert [found.name for found in CATALOGUE.of("Pipeline")] == ["p", "p", "q"]


def test_what_is_too_faulty_to_be_used_is_broken() -> None:
    assert CATALOGUE.is_broken("Pipeline", "bad")
    assert CATALOGUE.is_broken("Pipeline", "unread")
    assert not CATALOGUE.is_broken("Pipeline", "p")
