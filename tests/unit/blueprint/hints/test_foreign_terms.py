"""Terms that hints propose exist in the language, and texts that hints propose are valid YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.hints.foreign_terms import VALUES, entries_instead, list_instead, mapping_instead
from rohe_iac.blueprint.language.contract import AGGREGATES
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.schema.reference import schema_of
from rohe_iac.blueprint.text.reader import read_plain

GOLDEN = Path(__file__).parents[3] / "golden" / "blueprint"


def test_what_a_foreign_value_is_here_is_a_value() -> None:
    known = {*KINDS, *AGGREGATES, "p50"}
    pending: list[Any] = [schema_of(kind) for kind in KINDS]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            known.update(value for value in part.get("enum", ()) if isinstance(value, str))
        pending += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    # An architecture is any word; these are those that Go and container registries use.
    assert set(VALUES.values()) - known <= {"amd64", "arm64"}


def test_what_a_hint_says_to_write_is_one_value_that_reads_as_it_looks() -> None:
    said = "".join(path.read_text() for path in sorted(GOLDEN.glob("*.expected")))
    written = {
        text
        for text in re.findall(r"^ +hint: write it as (.*)$", said, re.MULTILINE)
        if not re.match(r"a (?:list|mapping)\b", text)
    }
    assert len(written) > 50
    for text in written:
        (value,) = read_plain(text).values or [None]
        kind = {"{": dict, "[": list, '"': str}.get(text[0], int | float | str)
        assert isinstance(value, kind), text
        # Without quotes or brackets it is one word, so that it stays one value wherever it is put.
        assert text[0] in '{["' or re.fullmatch(r"[^\s,\[\]{}]+", text), text


@pytest.mark.parametrize(
    ("found", "fields", "hint"),
    [
        ("8080:80/udp", {"containerPort"}, "{name: port-80, containerPort: 80, hostPort: 8080, protocol: UDP}"),
        ("127.0.0.1:8080:80", {"containerPort"}, "{name: port-80, containerPort: 80, hostPort: 8080}"),
        ("a -> b", {"from", "to"}, "{from: a, to: b}"),
        ("15%", {"share", "count"}, "{share: 15%}"),
        (2, {"share", "count"}, "{count: 2}"),
        ("sqlite", {"sqlite", "mongodb"}, "{sqlite: {}}"),
    ],
)
def test_a_bare_value_is_told_as_the_mapping_that_it_stands_for(found: object, fields: set[str], hint: str) -> None:
    assert mapping_instead(found, fields) == f"write it as {hint}"
    assert isinstance(yaml.safe_load(hint), dict)


@pytest.mark.parametrize("found", [None, True, [], {}, "x" * 100, 1e400, "a\nb: [", "'", "{", "\0"])
def test_what_nobody_can_tell_is_not_told(found: object) -> None:
    for hint in (mapping_instead(found, {"containerPort"}), list_instead(found), entries_instead(found)):
        assert "{name" not in hint
