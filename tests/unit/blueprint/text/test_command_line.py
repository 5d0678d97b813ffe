"""References in command lines: what is replaced, what is text, and how text is written that looks like a reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rohe_iac.blueprint.text.command_line import (
    main_port,
    port_variable,
    ports_in,
    variables_in,
    with_ports,
    with_variables,
    without_references,
    without_variables,
)

PORTS = {"": 8000, "http": 8000, "grpc": 9000}
VALUES = {"A": "1", "B": "$(A) $$", "ROHE_PORT_HTTP": "8000"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("{port}", "8000"),
        ("--listen=0.0.0.0:{port:grpc}/x", "--listen=0.0.0.0:9000/x"),
        ("{port},{port:grpc}", "8000,9000"),
        (r"\{port} \{port:grpc}", "{port} {port:grpc}"),
        ("${port}", "${port}"),
        ("{ports} {a} {} {port: 1} {Port}", "{ports} {a} {} {port: 1} {Port}"),
    ],
)
def test_ports_are_replaced_by_numbers(word: str, expected: str) -> None:
    assert with_ports(word, PORTS.__getitem__) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # The cases of https://github.com/kubernetes/kubernetes/tree/master/third_party/forked/golang/expansion
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$(A)", "$$(A)"),
        ("$(A)$(A)x", "11x"),
        ("$(B)", "$(A) $$"),
        ("$(MISSING)", "$(MISSING)"),
        ("$A ${A} $", "$A ${A} $"),
        ("$$", "$"),
        ("$(A", "$(A"),
        ("$()", "$()"),
        ("$($(A))", "$($(A))"),
        ("$(cat /etc/x)", "$(cat /etc/x)"),
    ],
)
def test_variables_are_replaced_as_kubernetes_does(word: str, expected: str) -> None:
    assert with_variables(word, VALUES) == expected


def test_references_are_found_and_text_is_not() -> None:
    assert list(ports_in(r"{port} {port:grpc} \{port:x} ${port}")) == ["", "grpc"]
    assert list(variables_in("$(A) $$(B) $(date +%s) $(C)$$$(D)")) == ["A", "C", "D"]


def test_a_port_has_a_variable_and_the_main_one_is_http_or_the_first() -> None:
    assert port_variable("http-admin") == "ROHE_PORT_HTTP_ADMIN"
    assert [main_port(names) for names in (["grpc", "http"], ["grpc", "web"], [])] == ["http", "grpc", ""]


@given(st.text(alphabet="$(){}\\:AB port", max_size=24) | st.sampled_from([r"\{port}", "$${port}", "$$(A)$"]))
def test_text_of_another_tool_reaches_a_replica_as_it_is(word: str) -> None:
    assert with_variables(with_ports(without_references(word), lambda _: 8000), VALUES) == word
    assert with_variables(without_variables(word), VALUES) == word
