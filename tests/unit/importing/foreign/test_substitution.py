"""Claims about what became of variables."""

from __future__ import annotations

from import_results import field_of

from rohe_iac.importing.foreign.variables.substitution import UNFILLED, Substitution


def test_a_text_is_unfilled_where_a_variable_has_no_value_or_none_that_may_be_written() -> None:
    assert Substitution("$A", missing=["A"]).is_unfilled
    assert Substitution("$A", kept=["A"]).is_unfilled
    assert not Substitution("$A", given=["A"], defaults=["B"]).is_unfilled


def test_a_field_that_is_empty_for_a_variable_without_a_value_is_listed_so() -> None:
    field = field_of({"a": "", "b": ""})
    entries = dict(field.entries())
    entries["a"].node.substitution = Substitution("$A", missing=["A"])
    field.drop_rest({})
    _, unmapped = field.journal.listing(field.node)
    assert unmapped[0].reason == UNFILLED
    assert unmapped[1].reason.startswith("empty")
