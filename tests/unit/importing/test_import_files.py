"""Claims about imports of every format: recognised by content, every field accounted for, bounded, valid results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from import_results import Importer

from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.schema.reference import schema_of
from rohe_iac.blueprint.text.formatting import format_yaml
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.errors import UsageError
from rohe_iac.importing.foreign.journal import path_text
from rohe_iac.importing.foreign.reading import YamlNode, read_foreign
from rohe_iac.importing.foreign.yaml_text import document_text
from rohe_iac.importing.import_texts import InvalidImport
from rohe_iac.usecases.authoring.import_ import import_files
from rohe_iac.usecases.authoring.imported_files import UnwritableOutput, write_documents

NAMES = sorted(path.name for path in (Path(__file__).parent / "samples").iterdir() if path.suffix in (".yaml", ".json"))
COMPOSE = """\
services:
  web_UI: &web
    image: nginx:1.25
    ports: ["8080:80", "127.0.0.1:8443:443/tcp", "53:53/udp", 9000, "3000-3001:3000-3001"]
    environment: ["URL=${URL:-http://host:1}", API_KEY=abc, HOME, COST=$$5, EMPTY=]
    volumes: ["data:/data", "./html:/html:ro", "/cache"]
    healthcheck: {test: [CMD, curl, -f, "http://localhost:80/healthz"], start_period: 1m30s, interval: 5s}
    depends_on: [db]
    deploy:
      replicas: 3
      resources: {limits: {cpus: "0.50", memory: 50M}, reservations: {cpus: "0.25", memory: 20M}}
  db:
    image: postgres:16
    entrypoint: docker-entrypoint.sh
    command: postgres -c shared_buffers=256MB
    environment: {POSTGRES_PASSWORD: hunter2, N: 5}
    ports: [{target: 5432, published: "5433"}]
    healthcheck: {test: pg_isready -U postgres}
    mem_limit: 512m
  infer:
    <<: *web
    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 2, capabilities: [gpu]}]}}}
"""


def leaves(node: YamlNode, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Yields the path of every value without parts."""
    parts: list[tuple[str | int, YamlNode]] = [*(node.entries or {}).items(), *enumerate(node.items or [])]
    if not parts:
        yield path_text(path)
    for key, part in parts:
        yield from leaves(part, (*path, key))


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_of_a_file_is_mapped_or_listed_with_a_reason(
    import_samples: Importer, samples: Path, name: str
) -> None:
    result = import_samples(name)
    listed = [item.field for item in result.files[0].mapped] + [item.field for item in result.files[0].unmapped]
    assert len(set(listed)) == len(listed)
    root = read_foreign(name, (samples / name).read_text()).documents[0]
    for leaf in leaves(root):
        assert any(leaf == field or leaf.startswith((f"{field}.", f"{field}[")) for field in listed), leaf


@pytest.mark.parametrize("name", NAMES)
def test_yaml_and_json_of_the_same_content_give_the_same_documents(
    import_contents: Importer, samples: Path, name: str
) -> None:
    text = (samples / name).read_text()
    value = read_plain(text).values[0] if name.endswith(".yaml") else json.loads(text)
    assert import_contents(text).documents == import_contents(json.dumps(value, indent=1)).documents


def test_all_samples_together_validate_without_missing_references(tmp_path: Path, samples: Path) -> None:
    result = import_files(samples, [Path(name) for name in NAMES], name="testbed")
    kinds = [document["kind"] for document in result.imported.documents]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "Inventory": 1,
        "Pipeline": 4,
        "ObservationContract": 6,
        "Stack": 1,
    }
    assert read_plain(result.imported.text).values == list(result.imported.documents)
    out = tmp_path / "blueprints" / "all.yaml"
    write_documents(out, result.imported)
    first = out.read_text()
    write_documents(out, result.imported)
    assert out.read_text() == first


def test_every_document_that_is_written_names_its_schema_for_editors(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "rohe.yaml").write_text("project: here\n")
    result = import_files(samples, [Path(name) for name in NAMES], name="testbed")
    out = tmp_path / "blueprints" / "deep er" / "all.yaml"
    write_documents(out, result.imported)
    text = out.read_text()
    assert text.startswith("# Written by rohe import.\n# yaml-language-server: $schema=")
    parts = text.split("---\n")
    assert len(parts) == len(result.imported.documents)
    for part, document in zip(parts, result.imported.documents, strict=True):
        (named,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", part, re.MULTILINE)
        schema = json.loads((out.parent / named).read_text())
        assert schema == schema_of(str(document["kind"]))
        assert jsonschema.Draft202012Validator(schema).is_valid(document)
    assert format_yaml(text) == text
    assert check([tmp_path], allow_missing_references=True).valid


def test_a_file_of_somebody_else_is_not_written_over(tmp_path: Path, import_samples: Importer) -> None:
    out = tmp_path / "mine.yaml"
    out.write_text("mine: true\n")
    with pytest.raises(UnwritableOutput):
        write_documents(out, import_samples(*NAMES))
    assert out.read_text() == "mine: true\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_the_same_files_give_the_same_bytes(import_samples: Importer) -> None:
    assert import_samples(*NAMES).text == import_samples(*NAMES).text


@pytest.mark.parametrize("content", ["", "a: [1, 2", "just text", "[]", "{}", "hello: world", "data: {a: 1}", "- 1"])
def test_what_is_of_no_format_is_refused_with_its_place(import_contents: Importer, content: str) -> None:
    with pytest.raises(InvalidImport) as caught:
        import_contents(content)
    assert caught.value.exit_code == 3
    assert caught.value.faults[0].place.file == "f0"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a: \x00", b"\xe9: 1", b"[" * 5000, b"a: &a [*a]", b"{" * 300 + b"}" * 300]
)
def test_what_is_no_text_or_too_deep_is_refused_with_its_place(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd").write_bytes(content)
    with pytest.raises(InvalidImport) as caught:
        import_files(tmp_path, [Path("odd")])
    assert caught.value.detail.startswith("odd:")


def test_aliases_that_stand_for_millions_of_values_are_refused(import_contents: Importer) -> None:
    lines = ["a0: &a0 [" + ", ".join("x" * 10) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 9)]
    with pytest.raises(InvalidImport, match="1 place"):
        import_contents("\n".join(lines))


def test_faults_of_all_files_are_told_at_once(import_contents: Importer) -> None:
    with pytest.raises(InvalidImport) as caught:
        import_contents("a: [", {"data": {"n": {"node_name": "a", "cpu": 1}}}, "hello: world")
    assert [fault.place.file for fault in caught.value.faults] == ["f0", "f1", "f2"]


def test_a_file_that_is_not_there_is_a_fault_of_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        import_files(tmp_path, [Path("nothing.yaml")])


def test_a_compose_file_becomes_a_pipeline(import_contents: Importer) -> None:
    result = import_contents(COMPOSE)
    web, db, infer = result.documents[0]["spec"]["services"]
    assert web["ports"][0] == {"name": "p80", "containerPort": 80, "servicePort": 8080}
    assert [port["containerPort"] for port in web["ports"]] == [80, 443, 53, 9000, 3000, 3001]
    assert web["ports"][2]["protocol"] == "UDP"
    assert web["health"] == {
        "readiness": {"http": {"path": "/healthz", "port": "p80"}, "period": "5s"},
        "startup": "90s",
    }
    assert web["requests"] == {"cpu": "250m", "memory": {"rss": "20Mi"}}
    assert web["limits"] == {"cpu": "500m", "memory": "50Mi"}
    assert web["replicas"] == 3
    assert result.documents[0]["spec"]["volumes"] == [{"name": "data", "size": "1Gi"}]
    assert web["volumes"] == [{"name": "data", "path": "/data"}, {"path": "/cache", "emptyDir": "1Gi"}]
    assert (db["command"], db["args"]) == (["docker-entrypoint.sh"], ["postgres", "-c", "shared_buffers=256MB"])
    assert db["health"] == {"readiness": {"exec": ["/bin/sh", "-c", "pg_isready -U postgres"]}}
    assert db["requests"] == {"memory": {"rss": "512Mi"}}
    assert infer["image"] == "nginx:1.25"
    assert infer["requests"] == {"accelerators": {"gpu": {"count": 2}}}


def test_secrets_of_a_compose_file_are_never_copied(import_contents: Importer) -> None:
    result = import_contents(COMPOSE)
    web, db, _ = result.documents[0]["spec"]["services"]
    assert web["env"] == {
        "URL": "http://host:1",
        "API_KEY": {"secret": "env:API_KEY"},
        "HOME": {"secret": "env:HOME"},
        "COST": "$5",
        "EMPTY": "",
    }
    assert db["env"] == {"POSTGRES_PASSWORD": {"secret": "env:POSTGRES_PASSWORD"}, "N": "5"}
    assert "hunter2" not in result.text


def test_what_a_service_depends_on_it_sends_requests_to(import_contents: Importer) -> None:
    result = import_contents(COMPOSE)
    assert result.documents[0]["spec"]["flow"][0] == {"from": "web-ui", "to": "db"}
    assert any("only an order of start" in text for _, text in result.files[0].notes)


def test_what_a_compose_file_says_beyond_is_listed_with_the_reason(import_contents: Importer) -> None:
    reasons = {item.field: item.reason for item in import_contents(COMPOSE).files[0].unmapped}
    assert "bind mount" in reasons["services.web_UI.volumes[1]"]


@pytest.mark.parametrize(
    "value",
    ["yes", "010", "12:30", "1e3", "0x1F", " a", "a ", "- a", "a: b", "a #b", "#", "*a", "&a", "!t", "%d", "@a", "`",
     "", "null", "~", "[a]", "{a}", "'q'", '"q"', "a\nb", "\t", "\x7f", "\u2028", "é", "😀", "<", ">=", "|", "=", "...",
     "---", "82:ae:30:11:38:01", "a,b", "\\", "-", "?", "-1", "+.5", ".inf"],
)  # fmt: skip
def test_every_text_survives_being_written_as_yaml(value: str) -> None:
    document: dict[str, Any] = {"a": value, "list": [value, [value]], f"k{value}": {"deep": {"er": [{"x": value}]}}}
    assert read_plain(document_text(document)).values == [document]


@pytest.mark.parametrize(
    "content",
    [
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 2, "template": {"image": "a"}}},
        {"build": {"image": "python:3.11", "script": ["make"]}, "image": "python"},
        {"apiVersion": "rohe.dev/v1", "kind": "Stack", "metadata": {"name": "a"}, "spec": {"pipelines": ["a"]}},
        {"command": "REMOVE SERVICE", "data": {"a": 1}},
    ],
)
def test_files_of_other_tools_are_not_taken_for_the_original_s(
    import_contents: Importer, content: dict[str, Any]
) -> None:
    with pytest.raises(InvalidImport, match="1 place"):
        import_contents(content)


def test_a_list_of_contracts_gives_each_of_them(import_contents: Importer) -> None:
    result = import_contents([{"contract_id": "a", "performance_slo": {}}, {"contract_id": "b", "performance_slo": {}}])
    assert [document["metadata"]["name"] for document in result.documents] == ["a", "b"]
