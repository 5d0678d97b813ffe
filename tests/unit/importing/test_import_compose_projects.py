"""Claims about Compose files that are read together, and about the files that they extend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rohe_iac.importing.compose.project.project_name import normal_name
from rohe_iac.importing.import_texts import ImportResult
from rohe_iac.usecases.authoring.import_ import import_files

BASE = """
services:
  web:
    image: shop/web:1
    command: serve
    ports: ["8080:80"]
    environment: {MODE: prod, LEVEL: info}
    volumes: ["data:/data"]
    depends_on: [db]
  db: {image: postgres:16, labels: {a: b}}
"""
OVER = """
services:
  web:
    command: serve --reload
    ports: ["9229:9229"]
    environment: [MODE=dev]
    volumes: ["cache:/data/"]
    depends_on: {mail: {condition: service_started}}
  mail: {image: mailhog/mailhog}
"""


def import_files_of(folder: Path, *names: str, **texts: str) -> ImportResult:
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text)
    return import_files(folder, [Path(name) for name in names], out=Path("blueprints/x.yaml")).imported


def services(result: ImportResult) -> dict[str, Any]:
    return {
        service["name"]: service
        for document in result.documents
        if document["kind"] == "Pipeline"
        for service in document["spec"]["services"]
    }


def test_a_file_that_overrides_another_is_put_over_it(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(BASE)
    (tmp_path / "docker-compose.prod.yml").write_text(OVER)
    result = import_files_of(tmp_path, "docker-compose.yml", "docker-compose.prod.yml")
    by_name = services(result)
    assert list(by_name) == ["web", "db", "mail"]
    assert (by_name["web"]["image"], by_name["web"]["args"]) == ("shop/web:1", ["serve", "--reload"])
    assert by_name["web"]["env"] == {"MODE": "dev", "LEVEL": "info"}
    assert [port["containerPort"] for port in by_name["web"]["ports"]] == [80, 9229]
    assert by_name["web"]["volumes"] == [{"name": "cache", "path": "/data", "size": "1Gi"}]
    assert by_name["web"]["after"] == ["db", "mail"]
    assert result.comments[0] == ("From docker-compose.yml, docker-compose.prod.yml",)
    assert "read together with docker-compose.prod.yml" in result.files[0].mapped[0].to


def test_the_base_is_the_first_wherever_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(BASE)
    (tmp_path / "docker-compose.override.yml").write_text(OVER)
    (tmp_path / "docker-compose.queue.yml").write_text("services: {queue: {image: rabbitmq}}\n")
    names = ("docker-compose.override.yml", "docker-compose.queue.yml", "docker-compose.yml")
    result = import_files_of(tmp_path, *names)
    assert list(services(result)) == ["web", "db", "mail", "queue"]
    assert services(result)["web"]["env"]["MODE"] == "dev"
    assert result.documents[0]["metadata"]["name"] == normal_name(tmp_path.name).replace("_", "-")


def test_the_name_of_a_project_may_be_a_variable_s(tmp_path: Path) -> None:
    text = "name: ${PROJECT:-my_shop}\nservices: {a: {image: i}}\n"
    result = import_files_of(tmp_path, "compose.yaml", compose__yaml=text)
    assert result.documents[0]["metadata"]["name"] == "my-shop"
    result = import_files_of(tmp_path, "compose.yaml", compose__yaml=text.replace(":-my_shop", ""))
    assert result.files[0].unmapped[0].reason == "it holds a variable without a value"


def test_what_is_told_of_files_that_are_read_together_has_its_place_in_either(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(BASE)
    (tmp_path / "docker-compose.prod.yml").write_text(OVER)
    listed = import_files_of(tmp_path, "docker-compose.yml", "docker-compose.prod.yml").files[1]
    places = {item.field: str(item.place) for item in (*listed.mapped, *listed.unmapped)}
    assert places["services.web.image"].startswith("docker-compose.yml:4:")
    assert places["services.web.command"].startswith("docker-compose.prod.yml:4:")
    assert places["services.db.labels.a"].startswith("docker-compose.yml:10:")


def test_files_of_one_folder_are_one_pipeline_and_those_of_others_pipelines_of_their_own(tmp_path: Path) -> None:
    for name in ("a/compose.yaml", "b/compose.yaml", "b/x-compose.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / "a/compose.yaml").write_text(BASE)
    (tmp_path / "b/compose.queue.yaml").write_text("services: {queue: {image: rabbitmq}}\n")
    (tmp_path / "b/compose.store.yaml").write_text("services: {store: {image: redis}}\n")
    result = import_files_of(tmp_path, "a/compose.yaml", "b/compose.queue.yaml", "b/compose.store.yaml")
    assert [document["metadata"]["name"] for document in result.documents] == ["a", "b"]


def test_a_service_takes_over_from_one_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "base.env").write_text("C=3\n")
    (tmp_path / "shared" / "common.yaml").write_text(
        "services:\n"
        "  root: {image: 'base:${TAG:-1}', env_file: base.env}\n"
        "  base: {extends: root, environment: [A=1, B=1], ports: ['80:80']}\n"
        "  loop: {extends: loop}\n"
    )
    text = (
        "services:\n"
        "  web: {extends: {file: shared/common.yaml, service: base}, environment: {B: 2}}\n"
        "  gone: {image: i, extends: {file: shared/common.yaml, service: none}}\n"
        "  away: {image: i, extends: {file: ../out.yaml, service: a}}\n"
        "  round: {image: i, extends: {file: compose.yaml, service: round}}\n"
    )
    result = import_files_of(tmp_path, "compose.yaml", compose__yaml=text)
    by_name = services(result)
    assert by_name["web"]["image"] == "base:1"
    assert by_name["web"]["env"] == {"C": "3", "A": "1", "B": "2"}
    assert by_name["web"]["ports"] == [{"name": "p80", "containerPort": 80, "servicePort": 80}]
    reasons = {item.field: item.reason for item in result.files[0].unmapped}
    assert "no such service in shared/common.yaml" in reasons["services.gone.extends"]
    assert "or no such file" in reasons["services.away.extends"]


def test_the_file_env_beside_it_fills_in_variables_but_no_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TAG=1.4\nPORT=3000\nN=3\nPASS=hunter2\nLEVEL=\n")
    text = (
        "services:\n  a:\n    image: i:${TAG}\n    ports: ['${PORT}:${PORT}']\n    deploy: {replicas: '${N}'}\n"
        "    command: serve --pass ${PASS}\n"
        "    environment: {DB: 'x://${PASS}', PASS: '${PASS:-none}', LEVEL: '${LEVEL:-info}', TZ: '${TZ:-UTC}'}\n"
        "    working_dir: /${LEVEL:-a}/${LEVEL-b}/${TAG:+c}\n"
    )
    result = import_files_of(tmp_path, "compose.yaml", compose__yaml=text)
    service = services(result)["a"]
    assert (service["image"], service["replicas"], service["ports"][0]["containerPort"]) == ("i:1.4", 3, 3000)
    assert service["workingDir"] == "/a//c"
    assert service["env"] == {
        "DB": {"secret": "env:DB"},
        "PASS": {"secret": "env:PASS"},
        "LEVEL": "info",
        "TZ": "UTC",
    }
    assert "hunter2" not in result.text


def test_reset_and_override_are_followed(tmp_path: Path) -> None:
    over = "services:\n  web: {ports: !override ['1:1'], environment: !reset null, volumes: !reset []}\n"
    (tmp_path / "docker-compose.yml").write_text(BASE)
    (tmp_path / "docker-compose.override.yml").write_text(over)
    service = services(import_files_of(tmp_path, "docker-compose.yml", "docker-compose.override.yml"))["web"]
    assert [port["containerPort"] for port in service["ports"]] == [1]
    assert "env" not in service
    assert "volumes" not in service
