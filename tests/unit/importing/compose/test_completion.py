"""Claims about services of Compose projects that run to their end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from import_results import Importer, field_of, notes, reasons

from rohe_iac.blueprint.loading import check
from rohe_iac.importing.compose.completion import is_job
from rohe_iac.importing.import_texts import ImportResult
from rohe_iac.usecases.authoring.import_ import import_files
from rohe_iac.usecases.authoring.imported_files import write_documents


def services(result: ImportResult) -> dict[str, Any]:
    return {service["name"]: service for service in result.documents[0]["spec"]["services"]}


def test_a_service_whose_end_is_awaited_runs_once_and_has_no_flow(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n"
        "  web:\n    image: i\n    environment: {JOB: 'http://migrate:80'}\n"
        "    depends_on: {migrate: {condition: service_completed_successfully}}\n"
        "  migrate: {image: i, restart: on-failure, environment: {DB: 'http://db:5432/x'}, "
        "links: [cache], ports: [80]}\n"
        "  lone: {image: i, restart: 'no', depends_on: [migrate]}\n"
        "  db: {image: i}\n  cache: {image: i, ports: [6379]}\n"
    )
    out = tmp_path / "x.yaml"
    result = import_files(tmp_path, [Path("compose.yaml")], out=out)
    found = services(result.imported)
    assert "flow" not in result.imported.documents[0]["spec"]
    assert (found["migrate"]["runOnce"], found["migrate"]["after"]) == (True, ["db", "cache"])
    assert (found["web"]["after"], found["lone"]["after"]) == (["migrate"], ["migrate"])
    assert "runOnce" not in found["lone"]
    assert "runOnce: true" in reasons(result.imported)["services.lone.restart"]
    assert "waits for its end" in notes(result.imported)
    write_documents(out, result.imported)
    assert check([out]).valid


def test_a_service_of_the_mode_global_has_a_replica_on_each_node(import_contents: Importer) -> None:
    deploy = {"mode": "global", "replicas": 3, "placement": {"max_replicas_per_node": 1}}
    jobs = {"mode": "replicated-job", "replicas": 2}
    parts = {"image": "i", "gpus": 1, "volumes": ["d:/d"]}
    result = import_contents({"services": {"a": {**parts, "deploy": deploy}, "b": {"image": "i", "deploy": jobs}}})
    assert services(result)["a"]["replicas"] == "perNode"
    assert "placement" not in services(result)["a"]
    assert services(result)["a"]["requests"] == {"accelerators": {"gpu": {"count": 1}}}
    assert (services(result)["b"]["runOnce"], services(result)["b"]["replicas"]) == (True, 2)
    assert "on each node" in reasons(result)["services.a.deploy.replicas"]
    assert is_job(field_of("global-job"))
    assert not is_job(field_of("global"))
