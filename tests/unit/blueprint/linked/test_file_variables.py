"""Variables of files: whose they are, and what replaces them."""

from __future__ import annotations

from pathlib import Path

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.file_variables import VariableFiles, with_file_variables

SERVICE = {
    "name": "camera",
    "image": "shop/camera:1",
    "envFrom": [{"file": "one.env"}, {"file": "two.env"}],
    "env": {"C": "own"},
}


def pipeline_of(**fields: object) -> Pipeline:
    spec = {"services": [{**SERVICE, **fields}]}
    return Pipeline.model_validate({"metadata": {"name": "shop"}, "spec": spec})


def test_variables_of_files_are_those_of_the_service_unless_it_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "one.env").write_text("# remark\nexport A='of one'\nB=1\nC=x=y\n")
    (tmp_path / "two.env").write_text("B=2\nD=\n")
    files = VariableFiles(tmp_path)
    variants = [{"name": "small", "env": {"A": "small"}}, {"name": "large"}]
    service = with_file_variables(pipeline_of(variants=variants), files.read).spec.services[0]
    assert service.env == {"A": "of one", "B": "2", "C": "own", "D": ""}
    assert [part.env for part in service.variants] == [{"A": "small", "B": "2", "C": "x=y", "D": ""}, None]
    members = {"members": [{"name": "svm", "env": {}}]}
    service = with_file_variables(pipeline_of(ensemble=members), files.read).spec.services[0]
    assert service.ensemble is not None
    assert service.ensemble.members[0].env == {"A": "of one", "B": "2", "C": "x=y", "D": ""}
    assert [source.path for source in files.sources] == ["one.env", "two.env"]


def test_a_missing_file_has_no_variables(tmp_path: Path) -> None:
    files = VariableFiles(tmp_path)
    assert with_file_variables(pipeline_of(), files.read).spec.services[0].env == {"C": "own"}
    assert files.sources == ()
