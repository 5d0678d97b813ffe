"""Claims about values as YAML: the bytes are libyaml's, and no value gets out of its place."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from rohe_iac.manifests import yaml_text
from rohe_iac.manifests.yaml_text import YamlText, block_text, flow_text

ODD = """yes No on OFF true null ~ 1e3 1.5 0x1f 0o7 0b1 1_000 12:30:45 2020-01-01 = << --- ... - ? .inf .NaN -.5
123abc 0abc 190:20:30.15 00 08 1. 1e5 1.5e+3 a: a:b http://h:80/x replica/p:a/0 @x %x & * ! | > ` { } [ ] , a,b a]b '"""
WORDS = ["", *ODD.split()]
"""Texts that some YAML readers take for something else."""

CHARACTERS = st.sampled_from(
    "abzAyYnNtoTRUEfalsenull~0189exb_.:/-+=@, #'\"{}[]?!&*|>%`\\\n\t\r é\u2028\x85😀\ufeff\x7f\x00"
)
TEXTS = st.text() | st.text(CHARACTERS, max_size=12) | st.sampled_from(WORDS)
KEYS = TEXTS | st.text(CHARACTERS, min_size=95, max_size=140)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=10,
)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


# What readers in Go take for something else is a claim of its own below.
_Dumper.yaml_implicit_resolvers = yaml_text._Dumper.yaml_implicit_resolvers


def _text(dumper: Any, value: str) -> Any:
    style = None if value.isprintable() and value == value.strip() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def dumped(value: Any, indent: int) -> str:
    """What PyYAML writes of a value, as a template needs it."""
    block = isinstance(value, list | tuple | dict) and bool(value)
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=not block, allow_unicode=True, width=2**31 - 1)
    if not block:
        return text.removesuffix("\n").removesuffix("\n...").removesuffix("...").rstrip("\n")
    return "\n" + "\n".join(" " * indent + line for line in text.rstrip("\n").split("\n"))


@given(value=VALUES, indent=st.sampled_from([0, 2, 8]))
@example(value={"b": [{"z": 1, "a": ["x", []]}, [["y"], {}]], "a": {"k": {"n": "null"}}}, indent=4)
@example(value={"k" * 129: "x"}, indent=0)
@example(value={"a\nb": "c"}, indent=2)
def test_the_bytes_of_a_value_are_those_that_libyaml_writes(value: Any, indent: int) -> None:
    assert block_text(value, indent) == dumped(value, indent)


@given(first=TEXTS, second=TEXTS)
@example(first="a, kind: Evil", second="x], operator: NotIn, values: [y")
@example(first="a}", second="b: c")
def test_no_text_ends_a_brace_or_a_bracket_that_it_stands_in(first: str, second: str) -> None:
    document = f"metadata: {{name: {flow_text(first)}, hosts: [{flow_text(second)}], stack: s}}\n"
    assert yaml.safe_load(document) == {"metadata": {"name": first, "hosts": [second], "stack": "s"}}


@pytest.mark.parametrize(
    "text", ["y", "N", "1e3", "12E5", "5e-1", "1.", "0o17", "0O7", "0x1F", "0X1", "0b1", "1_0", "+1e1", ".5e3", "08e1"]
)
def test_what_a_reader_in_go_takes_for_a_number_or_a_bool_is_quoted(text: str) -> None:
    assert block_text(text) == flow_text(text) == f"'{text}'"
    assert block_text({text: [text]}) == f"\n'{text}':\n- '{text}'"


@pytest.mark.parametrize("name", ["pi-1", "replica/p:a/svm/0", "node-00042", "a.b_c"])
def test_names_and_addresses_need_no_quotes_inside_braces(name: str) -> None:
    assert flow_text(name) == name


def test_a_text_of_yaml_is_told_from_a_plain_text() -> None:
    assert type(block_text("a")) is type(flow_text("a")) is type(block_text([1])) is YamlText
