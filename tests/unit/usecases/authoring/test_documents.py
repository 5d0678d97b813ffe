"""`rohe validate`, `fmt`, `schema` and `export` without a command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.foundation.errors import UsageError
from rohe_iac.usecases.authoring.export import UnwritableExport, export_stack
from rohe_iac.usecases.authoring.fmt import format_documents, format_text
from rohe_iac.usecases.authoring.schema import modeline, modelines, schema, write_schemas
from rohe_iac.usecases.authoring.validate import validate_paths

DIGITS = Path(__file__).parents[4] / "examples" / "digits"
WILD = b"apiVersion:   rohe.dev/v1\nkind: Pipeline\nmetadata: {name:   wild}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the digits example's documents."""
    shutil.copytree(DIGITS / "blueprints", tmp_path / "digits" / "blueprints")
    shutil.copy(DIGITS / "rohe.yaml", tmp_path / "digits")
    return tmp_path / "digits"


def test_documents_are_checked_together_or_alone(folder: Path) -> None:
    assert validate_paths([folder]).valid
    contract = [folder / "blueprints" / "contract.yaml"]
    assert not validate_paths(contract).valid
    assert validate_paths(contract, allow_missing_references=True).valid


def test_checking_the_form_writes_nothing(folder: Path) -> None:
    wild = folder / "blueprints" / "wild.yaml"
    wild.write_bytes(WILD)
    assert format_documents([folder], check=True).changed == (wild,)
    assert wild.read_bytes() == WILD
    done = format_documents([folder])
    assert (done.changed, done.read) == ((wild,), 5)
    assert format_documents([folder]).changed == ()
    assert format_text(WILD) == (wild.read_text(), True)


def test_schemas_are_written_by_kind_and_named_to_editors(tmp_path: Path) -> None:
    (path,) = write_schemas(tmp_path / "schemas", ["Pipeline"])
    assert json.loads(path.read_text()) == schema("pipeline")
    assert modeline("Pipeline", "../.schemas/") == "yaml-language-server: $schema=../.schemas/pipeline.json"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write schemas"):
        write_schemas(tmp_path / "file")


def test_the_line_for_editors_leads_to_the_schema_from_each_folder(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    for name, kind in (("stack", "Stack"), ("sites/north/nodes", "Inventory"), ("sites/stack", "Stack")):
        path = tmp_path / "blueprints" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"apiVersion: rohe.dev/v1\nkind: {kind}\n")
    schemas = tmp_path / "editor" / "schemas"
    write_schemas(schemas)
    found = modelines(tmp_path / "blueprints" / "sites", schemas, KINDS)
    assert [name for name, _ in found] == ["blueprints", "blueprints/sites", "blueprints/sites/north"]
    for folder, lines in found:
        for line in lines:
            target = (tmp_path / folder / line.partition("$schema=")[2]).resolve()
            assert json.loads(target.read_text())["title"] == ("Inventory" if "north" in folder else "Stack")
    assert modelines(tmp_path, schemas, ["Pipeline"]) == []


def test_an_export_overwrites_its_own_files_alone(tmp_path: Path) -> None:
    done = export_stack(DIGITS, None, tmp_path)
    assert [name for name, _ in done.files] == ["add_node.yaml", "add_service.yaml"]
    assert export_stack(DIGITS, None, tmp_path) == done
    (tmp_path / "add_node.yaml").write_text("mine: true\n")
    with pytest.raises(UnwritableExport, match="was not written by `rohe export`"):
        export_stack(DIGITS, None, tmp_path)
