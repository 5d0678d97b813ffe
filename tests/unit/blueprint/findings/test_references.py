"""Names that refer to nothing, are there twice, or form a cycle are found and described."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.references import (
    check_reference,
    check_unique,
    check_user_module,
    find_cycle,
    find_cycles,
    format_cycle,
    name_hint,
    warning,
    without_cycles,
)
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.foundation.diagnostics import Severity
from rohe_iac.foundation.user_modules import ModuleFault

NAMES = st.sampled_from("abcdef")


def document(**fields: frozenset[str] | bool) -> Document:
    return Document(SourceText("x.yaml", "spec: {names: [a, b, a]}\n"), 0, None, **fields)  # type: ignore[arg-type]


def test_a_name_that_refers_to_nothing_is_found_with_a_hint() -> None:
    (finding,) = check_reference(document(), ("spec",), "R205", "service", "camra", ["camera", "door"])
    assert (finding.code, finding.message, finding.hint) == ("R205", "no service 'camra'", "did you mean 'camera'?")


def test_a_name_that_a_faulty_part_may_hold_is_no_fault() -> None:
    for owner in (document(broken_names=frozenset({"x"})), document(has_unknown_names=True)):
        assert list(check_reference(owner, (), "R205", "service", "x", ["a"])) == []


def test_hints_end_when_the_run_has_given_many() -> None:
    owner = document()
    owner.allowance.guesses = 0
    assert name_hint(owner, "camra", ["camera"]) == ""


def test_a_second_name_is_found_where_it_is() -> None:
    (finding,) = check_unique(document(), ("spec", "names"), "name", ["a", "b", "a"], "")
    assert finding.path == ("spec", "names", 2)
    assert "first as number 1" in finding.message


def test_a_fault_of_a_user_module_has_a_code_for_its_part() -> None:
    parts = ("file", "name", "signature", "unread")
    codes = [next(check_user_module(document(), (), ModuleFault(part, "x"))).code for part in parts]
    assert codes == ["R217", "R218", "R219", "R133"]
    assert list(check_user_module(document(), (), None)) == []


def test_a_warning_does_not_make_the_blueprint_invalid() -> None:
    assert warning(document(), (), "R113", "x").severity is Severity.WARNING


@given(st.lists(st.tuples(NAMES, NAMES), max_size=12))
def test_a_cycle_follows_edges_and_there_is_one_exactly_where_depth_first_search_finds_one(
    edges: list[tuple[str, str]],
) -> None:
    around = find_cycle(edges)
    assert all(edge in edges for edge in zip(around, [*around[1:], *around[:1]], strict=True))
    reachable = set(edges)
    for _ in range(6):
        reachable |= {(begin, end) for begin, middle in reachable for start, end in reachable if start == middle}
    on_cycle = sorted(name for name, end in reachable if name == end)
    assert around[:1] == on_cycle[:1]


def test_every_cycle_that_shares_no_edge_with_another_is_found() -> None:
    edges = [("x", "y"), ("y", "x"), ("a", "a"), ("b", "c"), ("c", "b"), ("b", "d"), ("d", "b"), ("c", "x"), ("e", "b")]
    assert find_cycles(edges) == [["a"], ["b", "c"], ["b", "d"], ["x", "y"]]
    assert without_cycles(edges) == [("c", "x"), ("e", "b")]
    assert find_cycles(edges[-2:]) == []


def test_a_long_cycle_is_shown_without_its_middle() -> None:
    assert format_cycle(["a", "b"]) == "a -> b -> a"
    assert format_cycle([str(n) for n in range(20)]).count("->") == 10


def test_an_empty_name_is_told_like_any_other() -> None:
    document = Document(SourceText("a.yaml", ""), 0, {})
    assert name_hint(document, "", ["shop"]) == "there is: shop"
    assert name_hint(document, "", ["shop"], "service/") == "there is: shop"
    assert name_hint(document, "shp", ["shop"], "service/shp") == "did you mean 'service/shop'?"
