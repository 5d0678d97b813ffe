"""Claims about variables of Compose services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from import_results import Importer, dropped, field_of, notes

from rohe_iac.importing.compose.project.variables import substitute_in_file
from rohe_iac.importing.foreign.project_settings import Variables
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.variables.environment import add_environment, variables_of_files
from rohe_iac.usecases.authoring.import_ import import_files


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MODE", "prod", "prod"),
        ("API_KEY", "abc", {"secret": "env:API_KEY"}),
        ("TOKEN_COUNT", "5", "5"),
        ("URL", "http://u:p@host/", {"secret": "env:URL"}),
        ("PLAIN", "${X}", ""),
        ("API_KEY", "${X}", {"secret": "env:X"}),
        ("API_KEY", "x${X}", {"secret": "env:API_KEY"}),
        ("KEY", "${API_KEY}", {"secret": "env:API_KEY"}),
        ("LEVEL", "${LEVEL:-info}", "info"),
        ("LEVEL", "${TAG}", "7"),
        ("PASSWORD", "${TAG}", "7"),
        ("PRICE", "$$5", "$5"),
    ],
)
def test_values_that_look_secret_are_secrets(name: str, text: str, value: object) -> None:
    service: dict[str, Any] = {}
    field = field_of({"environment": {name: text}})
    substitute_in_file(field, {"TAG": "7"}, set())
    add_environment(field, service, "services.a", ReferencedFiles())
    assert service["env"] == {name: value}


def test_a_secret_of_dot_env_is_not_copied_and_keeps_its_name() -> None:
    field, service = field_of({"environment": ["DB=${DB_PASSWORD}"]}), dict[str, Any]()
    substitute_in_file(field, {"DB_PASSWORD": "hunter22"}, set())
    add_environment(field, service, "services.a", ReferencedFiles())
    assert service["env"] == {"DB": {"secret": "env:DB_PASSWORD"}}
    assert "not copied" in field.journal.notes[0][1]


def test_a_name_without_a_value_gets_that_of_a_file_and_is_else_read_where_apply_runs() -> None:
    field, service = field_of({"environment": ["TAG", "HOME"]}), dict[str, Any]()
    variables = {"f": Variables({"TAG": "7", "HOME": "/root"}, frozenset({"HOME"}))}
    add_environment(field, service, "services.a", ReferencedFiles(), variables)
    assert service["env"] == {"TAG": "7", "HOME": {"secret": "env:HOME"}}


def test_what_is_no_name_of_a_variable_is_dropped() -> None:
    field, service = field_of({"environment": {"1A": "x"}}), dict[str, Any]()
    add_environment(field, service, "services.a", ReferencedFiles())
    assert service == {}
    assert "not the name of a variable" in dropped(field)["environment.1A"]


@pytest.mark.parametrize(
    ("written", "value"),
    [('" a "', " a "), ('"a\\r\\n"', "a\r\n"), ("1.10", "1.10"), ("010", "010"), ("0x10", "0x10"), ("true", "true")],
)
def test_values_are_kept_to_the_byte(import_contents: Importer, written: str, value: str) -> None:
    text = f"services:\n  a:\n    image: i\n    command: [run, {written}]\n    environment:\n      A: {written}\n"
    (service,) = import_contents(text).documents[0]["spec"]["services"]
    assert (service["env"]["A"], service["args"][1]) == (value, value)


def test_a_secret_in_a_command_line_is_not_copied_and_is_a_variable_of_the_service(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD=hunter22\nPORT=80\n")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a:\n    image: i\n    command: run --password=${DB_PASSWORD:-a b} --port $PORT\n"
        "    environment: {OTHER: '${DB_PASSWORD}'}\n"
        "  b: {image: i, entrypoint: [x, '${DB_PASSWORD}'], environment: {DB_PASSWORD: mine-alone}}\n"
    )
    imported = import_files(tmp_path, [Path("compose.yaml")]).imported
    first, second = imported.documents[0]["spec"]["services"]
    assert first["args"] == ["run", "--password=${DB_PASSWORD}", "--port", "80"]
    assert first["env"] == {"OTHER": {"secret": "env:DB_PASSWORD"}, "DB_PASSWORD": {"secret": "env:DB_PASSWORD"}}
    assert second["command"] == ["x", "${DB_PASSWORD}"]
    assert set(second["env"]) == {"DB_PASSWORD"}
    assert "hunter22" not in imported.text


def test_a_variable_that_is_set_nowhere_is_told(import_contents: Importer) -> None:
    result = import_contents({"services": {"a": {"image": "i", "environment": ["UNSET"]}}})
    assert result.documents[0]["spec"]["services"][0]["env"] == {"UNSET": {"secret": "env:UNSET"}}
    assert "UNSET has no value here" in notes(result)


class OneText(ReferencedFiles):
    """A folder in which every file has the same text."""

    def text(self, file: str, path: str) -> str | None:
        """Returns the text."""
        del file, path
        return "A='1'\nnot a variable\n"


def test_variables_are_read_in_the_format_of_the_entry_and_odd_lines_are_told() -> None:
    field = field_of({"env_file": ["a.env", {"path": "b.env", "format": "raw"}]})
    found = variables_of_files(field, OneText())
    assert [(name, value) for name, value, _ in found] == [("A", "1"), ("A", "'1'")]
    assert "a.env: line 2 is not NAME=VALUE: it is left out" in [text for _, text in field.journal.notes]


def test_a_secret_that_is_passed_and_used_again_has_one_reference(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("API_TOKEN=hunter2hunter2\n")
    service = {"image": "a:1", "environment": ["API_TOKEN", "COPY=${API_TOKEN}"]}
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": {"a": service}}))
    env = import_files(tmp_path, [Path("compose.yaml")]).imported.documents[0]["spec"]["services"][0]["env"]
    assert env == {"API_TOKEN": {"secret": "env:API_TOKEN"}, "COPY": {"secret": "env:API_TOKEN"}}


def test_names_that_yaml_reads_as_words_of_its_own_are_kept(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services: {a: {image: 'a:1', environment: {TRUE: true, Null: x, 'true': y}}}\n"
    )
    env = import_files(tmp_path, [Path("compose.yaml")]).imported.documents[0]["spec"]["services"][0]["env"]
    assert env == {"TRUE": "true", "Null": "x", "true": "y"}
