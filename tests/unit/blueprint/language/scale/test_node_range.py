"""Names with ranges: which nodes they are short for, and what is reported where a range cannot be read."""

import pytest
from pydantic import TypeAdapter, ValidationError

from rohe_iac.blueprint.language.scale.node_range import (
    NodeNames,
    has_open_range,
    is_range,
    missing_reference,
    names_of,
    number_of_names,
    with_references,
)

READER: TypeAdapter[str] = TypeAdapter(NodeNames)


@pytest.mark.parametrize(
    ("written", "count", "names"),
    [
        ("bus-[001:003]", None, ["bus-001", "bus-002", "bus-003"]),
        ("bus-[8:11]", None, ["bus-8", "bus-9", "bus-10", "bus-11"]),
        ("bus-[00:20:10]", None, ["bus-00", "bus-10", "bus-20"]),
        ("rack-[a:b].[1:2]", None, ["rack-a.1", "rack-a.2", "rack-b.1", "rack-b.2"]),
        ("bus-[098:]", 3, ["bus-098", "bus-099", "bus-100"]),
        ("[1:2]-x", None, ["1-x", "2-x"]),
    ],
)
def test_a_range_stands_for_its_names(written: str, count: int | None, names: list[str]) -> None:
    assert READER.validate_python(written) == written
    assert [name for name, _ in names_of(written, count)] == names
    assert number_of_names(written, count) == len(names)
    assert is_range(written)
    assert has_open_range(written) == (count is not None)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("a-[1-300]", "write a-[1:300]"),
        ("a-{001..300}", "write a-[001:300]"),
        ("a-[1..3]", "write a-[1:3]"),
        ("a-[9:3]", "write a-[3:9]"),
        ("a-[001:99]", "write [001:099]"),
        ("a-[1:3:0]", "leave the step out"),
        ("a-[0:999999]", "make several stacks of it"),
        ("a-[x]", "write a range as bus-[001:300]"),
        ("A-[1:3]", ""),
        ("a-[1:3]-", ""),
        ("a-%03d", "'a-03d' would do"),
    ],
)
def test_what_is_no_range_is_told(written: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        READER.validate_python(written)
    (error,) = caught.value.errors()
    assert (error["type"], error["ctx"]["hint"]) == ("R111", hint)


def test_texts_of_ranges_are_referred_to_by_number() -> None:
    (*_, (_, values)) = names_of("site-[00:01]-bus-[a:c]")
    assert with_references("{1}/{2}/{3}/x", values) == "01/c/{3}/x"
    assert missing_reference("{1}-{2}", "bus-[1:3]") == "{2}"
    assert missing_reference("{1}", "bus-[1:3]") == ""
