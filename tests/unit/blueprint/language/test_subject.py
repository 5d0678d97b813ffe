"""Contracts about several pipelines: read and checked whole, and refused by apply until agents judge them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.language.promises.subject import Subject
from rohe_iac.blueprint.loading import check, load

SERVICE = "services: [{name: %s, command: [x], requests: {memory: {rss: 64Mi}}, reports: {metrics: {%s: {}}}}]"
DOCUMENT = """apiVersion: rohe.dev/v1
kind: %s
metadata: {name: %s}
spec: {%s}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    documents = [
        ("Stack", "city", "pipelines: [roads, gates], inventory: city, contracts: [both]"),
        ("Pipeline", "roads", SERVICE % ("count", "cars")),
        ("Pipeline", "gates", SERVICE % ("open", "cards")),
        ("Inventory", "city", "nodes: [{name: pi-1, cpu: 4, memory: {rss: 2Gi}}]"),
    ]
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "city.yaml").write_text("---\n".join(DOCUMENT % item for item in documents))
    return tmp_path


def _faults(root: Path, about: str, objective: str = "metric: cards") -> list[tuple[str, str]]:
    spec = f"{about}, objectives: [{{{objective}, operator: '>', value: 1, window: {{size: 5m}}}}]"
    (root / "both.yaml").write_text(DOCUMENT % ("ObservationContract", "both", spec))
    return [(item.code, item.message) for item in check([root]).diagnostics]


def test_a_promise_about_several_pipelines_is_told_to_have_no_effect(root: Path) -> None:
    told = [("R401", "a contract over several pipelines has no effect yet")]
    assert _faults(root, "pipelines: [roads, gates]") == told
    assert [item.code for item in load(root).unsupported] == ["R401"], "so that apply refuses it"
    assert _faults(root, "pipelines: [roads, gates]", "metric: cars, scope: {service: count}") == told
    assert load(root).contracts[0].spec.about == ("roads", "gates")
    assert _faults(root, "pipelines: [gates]") == _faults(root, "pipeline: gates") == []


@pytest.mark.parametrize(
    ("about", "code", "words"),
    [
        ("pipelines: [roads, gate]", "R202", "no pipeline 'gate'"),
        ("pipelines: [roads, roads]", "R210", "twice"),
        ("pipelines: []", "R", ""),
        ("pipelines: [roads, gates], pipeline: roads", "R116", "expected exactly one of pipeline, pipelines"),
        ("tenant: a", "R107", "'pipeline' is missing"),
    ],
)
def test_a_wrong_subject_is_told(root: Path, about: str, code: str, words: str) -> None:
    found = _faults(root, about)
    assert any(item[0].startswith(code) and words in item[1] for item in found), found


def test_scopes_and_metrics_are_those_of_any_of_the_pipelines(root: Path) -> None:
    found = _faults(root, "pipelines: [roads, gates]", "metric: card")
    assert any("card" in message and code != "R401" for code, message in found), found
    found = _faults(root, "pipelines: [roads, gates]", "metric: cars, scope: {service: counts}")
    assert any(code == "R205" for code, _ in found), found


def test_the_first_pipeline_stands_for_all_that_looks_at_one() -> None:
    subject = Subject.model_validate({"pipelines": ["a", "b"]})
    assert (subject.pipeline, subject.about) == ("a", ("a", "b"))
