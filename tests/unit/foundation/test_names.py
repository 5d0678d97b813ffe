"""Names are DNS labels, and addresses read back as they were written."""

from __future__ import annotations

import uuid

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import (
    MAX_NODE_NAME,
    Address,
    instance_id,
    is_name,
    is_node_name,
    is_variable,
    parse_address,
)


@pytest.mark.parametrize("text", ["a", "jetson-nano-01", "0", "a" * 63])
def test_a_dns_label_is_a_name(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "a\n", "ä"])
def test_anything_else_is_not(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize("text", ["pi-1", "ip-10-0-0-1.eu.internal", ".".join(["a" * 62] * 4)])
def test_names_of_nodes_may_have_dots(text: str) -> None:
    assert is_node_name(text)
    assert str(parse_address(f"node/{text}")) == f"node/{text}"


@pytest.mark.parametrize("text", ["", ".a", "a.", "a..b", "A.b", "a" * 64, "a." * MAX_NODE_NAME + "a"])
def test_names_of_nodes_are_dns_subdomains(text: str) -> None:
    assert not is_node_name(text)
    with pytest.raises(UsageError):
        parse_address(f"service/{text or '-'}.b")


def test_an_address_reads_back_as_it_was_written() -> None:
    for text in ("service/classify", "service/cctvs:classify/svm", "replica/p:classify/svm/0", "node/jetson-1"):
        assert str(parse_address(text)) == text


def test_the_pipeline_qualifies_the_first_part() -> None:
    assert parse_address("service/cctvs:classify/svm") == Address("service", ("classify", "svm"), "cctvs")


@pytest.mark.parametrize("text", ["classify", "thing/x", "service/", "service/:x", "service/A", "service/a//b", "/"])
def test_what_is_no_address_is_told_with_the_form(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert "KIND/NAME" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "fits"), [("LOG_LEVEL", True), ("a.b-c", True), ("1A", False), ("A B", False), ("", False)]
)
def test_a_variable_does_not_begin_with_a_digit(text: str, fits: bool) -> None:
    assert is_variable(text) == fits


def test_ids_are_uuids_that_follow_from_the_names() -> None:
    found = instance_id("shop", "camera-0")
    assert uuid.UUID(found).version == 5
    assert found == instance_id("shop", "camera-0") == "075de5a8-e83a-59a5-8536-53cbeead98d5"
    assert len({found, instance_id("shop", "camera-1"), instance_id("other", "camera-0")}) == 3
