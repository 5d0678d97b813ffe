"""Every value is told where PyYAML's composer says that it is written, however little of the text is read for it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from blueprint_samples import DOCUMENTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rohe_iac.blueprint.text import places
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.places import find_spots
from rohe_iac.blueprint.text.reader import read_plain

QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)
Expected = dict[tuple[Path, bool], tuple[int, int]]


@pytest.fixture(autouse=True)
def jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small texts are jumped through as large ones are."""
    monkeypatch.setattr(places, "MIN_JUMP", 4)


def _walk(node: Any, path: Path, key: Any) -> Iterator[tuple[tuple[Path, bool], tuple[int, int]]]:
    own = (node.start_mark.line + 1, node.start_mark.column + 1)
    at_key = (key.line + 1, key.column + 1) if key is not None else own
    yield (path, True), at_key
    yield (path, False), at_key if not isinstance(node, yaml.ScalarNode) and node.value else own
    if isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            yield from _walk(part, (*path, index), None)
    elif isinstance(node, yaml.MappingNode):
        for name, part in node.value:
            yield from _walk(part, (*path, name.value), name.start_mark)


def _hold(text: str) -> None:
    plain = read_plain(text)
    nodes = list(yaml.compose_all(text, yaml.CSafeLoader))
    assert len(nodes) == len(plain.documents)
    for node, read in zip(nodes, plain.documents, strict=True):
        expected: Expected = dict(_walk(node, (), None))
        together = find_spots(text, read, expected)
        for want, (line, column) in expected.items():
            spot = together[want]
            assert (spot.line, spot.column) == (line, column), (text, want)
            assert find_spots(text, read, [want])[want] == spot, (text, want)
            begin = text[: spot.offset]
            assert spot.line == begin.count("\n") + 1
            assert spot.column == len(begin) - begin.rfind("\n")


KEYS = st.sampled_from(["a", "b", "name", "a b", "x-y", "'", "#", "ü"])
SCALARS = st.sampled_from(["", "text", 1, 2.5, True, None, "two words", "a: b", "line\nline\n", "- x", "é" * 20])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


@QUIET
@given(
    st.lists(VALUES, min_size=1, max_size=3),
    st.sampled_from([True, False, None]),
    st.integers(1, 5),
    st.sampled_from([True, False]),
)
def test_places_of_any_value_in_any_layout(values: list[Any], flow: bool | None, indent: int, start: bool) -> None:
    text = yaml.safe_dump_all(
        copy.deepcopy(values),
        default_flow_style=flow,
        indent=indent,
        explicit_start=start,
        allow_unicode=True,
        width=40,
    )
    _hold(text)


@pytest.mark.parametrize("flow", [True, False, None])
def test_places_of_the_sample(flow: bool | None) -> None:
    _hold(yaml.safe_dump_all(DOCUMENTS, default_flow_style=flow))
    for document in DOCUMENTS:
        _hold(json.dumps(document))
        _hold(json.dumps(document, indent=1))


@pytest.mark.parametrize(
    "text",
    [
        "a:\n- b: 1\n  c: [x, {d: e}]\n- - f\n  - g\n-\n  h: i\nz: 1\n",
        "a: {b: [1, 2, 3, 4, 5, 6], c: {d: 1}} # c\nz: {y: 1}\n",
        "# above\na: # beside\n  # between\n  b: 1\n\n  # below\nz:\n  - 1\n  # inside\n  - {c: 1}\n",
        '"a": "b\n  c"\nd: |\n  long\n  text\ne: >-\n  more\nf:\n  g: "h"\n',
        "a: !!map {b: !!str 1}\nc: !!seq\n- 1\n- !!map\n  d: 1\nz: 1\n",
    ],
)
def test_places_in_odd_layouts(text: str) -> None:
    _hold(text)


@pytest.mark.parametrize(
    ("text", "path", "spot"),
    [
        ("? a\n: b: 1\n  c: 2\n? [x, y]\n: 1\n? z\n: - 1\n", ("z", 0), (7, 5)),
        ("\ufeffa: 1\nb: {c: 1}\n", ("b", "c"), (2, 8)),
        ("\ufeffa: {b: 1}\n", ("a", "b"), (1, 8)),
        ("\ufeffa: 2\n---\nb: 1\n", ("b",), (3, 4)),
        ("a:\r\n  b: 2\r\n  c:\r\n  - 1\r\nz: [2]\r\n", ("a", "c", 0), (4, 5)),
        ("a: 2\rb:\r- 2\r- 1\r", ("b", 1), (4, 3)),
        ("a: [\n---\nb:\n  c: {d: 2, e: 1}\n", ("b", "c", "e"), (4, 16)),
    ],
)
def test_the_place_is_a_character_of_the_text(text: str, path: Path, spot: tuple[int, int]) -> None:
    read = read_plain(text).documents[-1]
    found = find_spots(text, read, [(path, False)])[path, False]
    assert (found[:2], text[found.offset]) == (spot, "1")


ALIASES = """\
a: &a
  b: [1, &n {c: 2}]
d: *a
e: [*a, *n]
f: &f
  g: *n
h: *f
"""


def test_what_stands_in_an_alias_is_told_where_it_is_written() -> None:
    read = read_plain(ALIASES).documents[0]
    wanted = {
        (("d",), False): (3, 1),
        (("e", 0), False): (4, 5),
        (("e", 1), False): (4, 9),
        (("d", "b", 1, "c"), False): (2, 17),
        (("e", 0, "b", 0), False): (2, 7),
        (("e", 1, "c"), True): (2, 14),
        (("h", "g"), False): (6, 3),
        (("h", "g", "c"), False): (2, 17),
    }
    found = find_spots(ALIASES, read, wanted)
    assert {want: spot[:2] for want, spot in found.items()} == wanted


def test_what_cannot_be_followed_is_told_where_the_path_ends() -> None:
    text = "a:\n  b: [1, 2]\nc: 1\n"
    read = read_plain(text).documents[0]
    for path, spot in ((("a", "x"), (1, 1)), (("a", "b", 7), (2, 3)), (("c", "d", "e"), (3, 4)), (("y",), (1, 1))):
        assert find_spots(text, read, [(path, False)])[path, False][:2] == spot
