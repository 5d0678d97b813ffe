"""Whatever is written, `rohe validate` tells it or is content; it never fails in another way."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml
from blueprint_samples import DOCUMENTS, VALUES, damaged, paths_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rohe_iac.blueprint.checks.links import check_links
from rohe_iac.blueprint.documents.discovery import decode_file
from rohe_iac.blueprint.documents.tree import Tree, read_tree
from rohe_iac.foundation.diagnostics import Severity

QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
HOWS = ("replace", "remove", "rename", "add", "repeat")


def checked(content: bytes) -> Tree:
    tree = read_tree(Path("/nowhere"), [decode_file("x.yaml", content)])
    tree.findings += check_links(tree)
    for item in tree.all_diagnostics():
        assert item.place.line >= 1
        assert item.place.column >= 1
        assert item.message
    return tree


@QUIET
@given(st.binary(max_size=200))
def test_bytes(content: bytes) -> None:
    checked(content)


@QUIET
@given(st.text(alphabet="abc:-[]{}#&*!|>'\"%@`,? \n\t0123.~<=", max_size=120))
def test_punctuation(text: str) -> None:
    checked(text.encode())
    checked(b"apiVersion: rohe.dev/v1\nkind: Pipeline\n" + text.encode())


def _damage(data: st.DataObject, wounds: int) -> bytes:
    documents = copy.deepcopy(list(DOCUMENTS))
    for _ in range(wounds):
        index = data.draw(st.integers(0, len(documents) - 1))
        paths = paths_of(documents[index])
        path = data.draw(st.sampled_from(paths))
        documents[index] = damaged(documents[index], path, data.draw(st.sampled_from(HOWS)), data.draw(VALUES))
    text: str = yaml.dump_all(documents, Dumper=DUMPER, allow_unicode=True)
    return text.encode()


@QUIET
@given(st.data())
def test_a_damaged_blueprint(data: st.DataObject) -> None:
    checked(_damage(data, data.draw(st.integers(1, 4))))


@pytest.mark.soak
@settings(QUIET, max_examples=20_000)
@given(st.data())
def test_a_damaged_blueprint_long(data: st.DataObject) -> None:
    checked(_damage(data, data.draw(st.integers(1, 12))))


def test_the_sample_itself_is_valid() -> None:
    tree = checked(yaml.safe_dump_all(DOCUMENTS).encode())
    assert [item for item in tree.all_diagnostics() if item.severity is Severity.ERROR] == []


@QUIET
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4))
def test_a_cut_file(cuts: list[int]) -> None:
    content = yaml.safe_dump_all(DOCUMENTS).encode()
    for cut in cuts:
        checked(content[: cut % len(content)])
        checked(json.dumps(DOCUMENTS[cut % 4]).encode()[: cut % 900])
