"""Claims about names made of foreign names."""

from __future__ import annotations

import pytest
from import_results import field_of

from rohe_iac.importing.foreign.naming import UniqueNames, dns_name, give_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RaspberryPi_01", "raspberrypi-01"),
        ("Größe", "groe"),
        ("a" * 80, "a" * 63),
        ("-_-", "node"),
        ("web-1", "web-1"),
    ],
)
def test_a_text_becomes_a_dns_label(text: str, name: str) -> None:
    assert dns_name(text, "node") == name


def test_a_name_is_given_once_and_peeking_gives_none() -> None:
    names = UniqueNames()
    assert [names.give("Web", "x"), names.peek("web", "x"), names.give("web", "x"), names.give("WEB", "x")] == [
        "web",
        "web-2",
        "web-2",
        "web-3",
    ]


def test_a_number_fits_into_the_longest_name() -> None:
    names = UniqueNames()
    names.give("a" * 63, "x")
    assert names.give("a" * 63, "x") == "a" * 61 + "-2"


def test_an_original_name_that_differs_is_kept_in_an_annotation() -> None:
    annotations: dict[str, str] = {}
    names, field = UniqueNames(), field_of({"name": "Pi_1"})
    assert give_name(field, "Pi_1", "node", names, annotations) == "pi-1"
    assert give_name(field, "pi-2", "node", names, annotations) == "pi-2"
    assert annotations == {"rohe.dev/original-name.node.pi-1": "Pi_1"}
