"""Claims about the format of a document."""

from __future__ import annotations

import pytest
from import_results import field_of

from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.model_profiles import is_profiles
from rohe_iac.importing.qoa4ml import is_qoa4ml
from rohe_iac.importing.recognition import import_document, join_documents

NODE = {"node_name": "a", "cpu": {"capacity": 1000}, "memory": {"capacity": {"rss": 1}}}
CONTRACT = {"stakeholders": [], "quality": {"service": [{"metrics": {"metric_name": "m"}}]}}
PROFILE = {"model_name": "yolo", "overall": {"accuracy": 0.5}}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"contract_id": "c"}, "ROHE contract"),
        (CONTRACT, "QoA4ML contract"),
        ({"services": {"web": {"image": "a"}}}, "Docker Compose"),
        ({"web": {"image": "a", "links": ["db"]}, "db": {"image": "b"}}, "Docker Compose"),
        ({"web": {"image": "a"}}, "Docker Compose"),
        ({"web": {"image": "a", "sensitivity": 0}}, "ROHE services"),
        ({"include": ["a.yaml"]}, "Docker Compose"),
        ({"version": "3", "networks": {"a": {"driver": "bridge"}}}, "Docker Compose"),
        ({"services": {"web": {"tty": True}}}, "Docker Compose"),
        ({"orchestrateConfig": {}, "service_queue": {"priority": 0}}, "ROHE settings"),
        ({"id-1": PROFILE}, "model profiles"),
        ({"data": {"a": NODE}}, "ROHE nodes"),
        ({"data": {"app": {"web": {"image": "a"}}}}, "ROHE services"),
        ({"data": {}}, "ROHE nodes or services"),
        ({"apiVersion": "rohe.dev/v1"}, "blueprint"),
        ({"hello": "world"}, "unknown"),
    ],
)
def test_a_document_is_recognised_by_its_content(content: object, name: str) -> None:
    drafts = Drafts()
    (root,) = join_documents([field_of(content)], drafts)
    assert import_document(root, drafts) == name
    assert bool(root.journal.faults) is (name in ("blueprint", "unknown"))


def test_a_contract_of_qoa4ml_has_clauses_or_stakeholders() -> None:
    assert is_qoa4ml(field_of(CONTRACT))
    assert not is_qoa4ml(field_of({"quality": {"a": 1}}))


def test_profiles_may_have_a_few_others_among_them() -> None:
    assert is_profiles(field_of({"a": PROFILE, "b": PROFILE, "c": None}))
    assert not is_profiles(field_of({"a": PROFILE, "b": 1, "c": None}))
