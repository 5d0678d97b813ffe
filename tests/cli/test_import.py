"""Claims about `rohe import` and `rohe export`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SAMPLES = Path(__file__).parents[1] / "unit" / "importing" / "samples"
TEMPLATE = Path(__file__).parents[2] / "examples" / "template" / "blueprints"


@pytest.fixture
def empty(repository: Path) -> Path:
    """The repository with the samples in it and without documents."""
    shutil.rmtree(repository / "blueprints")
    shutil.copytree(SAMPLES, repository / "original")
    return repository


def test_the_sample_is_imported_validated_and_planned(rohe: Run, empty: Path) -> None:
    files = ["original/add_node.yaml", "original/add_service.yaml"]
    done = rohe("import", *files, "--name", "testbed", "--out", "blueprints/testbed.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "1 Inventory, 3 Pipeline, 1 Stack written to blueprints/testbed.yaml" in done.stderr
    assert rohe("validate").returncode == 0
    plan = json.loads(rohe("plan", "-o", "json").stdout)["plan"]
    assert len([place for place in plan["placements"] if place["replica"].startswith("replica/")]) >= 15
    assert plan["unplaced"] == []


def test_documents_go_to_stdout_and_the_report_to_stderr(rohe: Run, empty: Path) -> None:
    done = rohe("import", "original/contract-bts.yaml")
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["kind"] == "ObservationContract"
    assert "ROHE contract" in done.stderr
    assert "ROHE contract" not in done.stdout


def test_the_report_is_json_when_asked(rohe: Run, empty: Path) -> None:
    value = json.loads(rohe("import", "original/contract_v03_ensemble.json", "-o", "json").stdout)
    assert value["documents"][0]["kind"] == "ObservationContract"
    file = value["files"][0]
    assert file["format"] == "QoA4ML contract"
    assert any("not measurable" in item["reason"] for item in file["notMapped"])
    assert all(item["to"] for item in file["mapped"])


def test_what_cannot_be_read_is_told_with_its_place_and_nothing_is_written(rohe: Run, empty: Path) -> None:
    (empty / "broken.yaml").write_text("data:\n  node1:\n    node_name: a\n    cpu: {capacity: lots}\n")
    done = rohe("import", "broken.yaml", "original/add_node.yaml", "--out", "out.yaml")
    assert done.returncode == 3
    assert "broken.yaml:4:21" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (empty / "out.yaml").exists()


def test_a_file_that_is_not_there_and_a_bad_name_are_usage(rohe: Run, empty: Path) -> None:
    assert rohe("import", "nothing.yaml").returncode == 64
    assert rohe("import", "original/add_node.yaml", "--name", "No Name").returncode == 64


def test_import_after_export_gives_the_same_documents(rohe: Run, empty: Path) -> None:
    first = rohe("import", "original/add_node.yaml", "original/add_service.yaml", "--out", "blueprints/a.yaml")
    assert first.returncode == 0
    assert rohe("export", "--out", "again").returncode == 0
    again = rohe("import", "again/add_node.yaml", "again/add_service.yaml")
    written = (empty / "blueprints" / "a.yaml").read_text()
    assert again.stdout == re.sub(r"^# yaml-language-server: .*\n", "", written, flags=re.MULTILINE)
    exported = yaml.safe_load((empty / "again" / "add_node.yaml").read_text())["data"]
    assert exported == yaml.safe_load((empty / "original" / "add_node.yaml").read_text())["data"]


def test_the_services_that_are_exported_are_the_sample_s_but_for_the_list_of_ports(rohe: Run, empty: Path) -> None:
    rohe("import", "original/add_node.yaml", "original/add_service.yaml", "--out", "blueprints/a.yaml")
    rohe("export", "--out", "again")
    written, sample = (
        yaml.safe_load((empty / folder / "add_service.yaml").read_text())["data"] for folder in ("again", "original")
    )
    for services in (*written.values(), *sample.values()):
        for service in services.values():
            service.pop("ports")
    assert written == sample


def test_export_leaves_files_of_others_alone_and_tells_what_it_left_out(rohe: Run, repository: Path) -> None:
    (repository / "out").mkdir()
    (repository / "out" / "add_node.yaml").write_text("mine: true\n")
    assert rohe("export", "--out", "out").returncode == 64
    done = rohe("export", "--out", "elsewhere")
    assert done.returncode == 0
    assert "not written: flow of pipeline/digits" in done.stderr


def nodes_and_services(documents: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Returns the nodes and services of documents, without the fields that only people add."""
    nodes: list[Any] = []
    services: list[Any] = []
    for document in documents:
        if document["kind"] == "Inventory":
            spec = Inventory.model_validate(document).spec
            for node in spec.nodes:
                kind = spec.device_types[str(node.device_type)]
                figures = (kind.cpu, kind.cores, kind.memory, kind.accelerators, kind.frequency)
                nodes.append((node.name, node.mac, node.status, figures))
        elif document["kind"] == "Pipeline":
            services += [
                (document["metadata"]["name"], item) for item in Pipeline.model_validate(document).spec.services
            ]
    return nodes, sorted(services, key=lambda pair: (pair[0], pair[1].name))


def test_the_template_example_is_what_the_sample_gives(rohe: Run, empty: Path) -> None:
    done = rohe("import", "original/add_node.yaml", "original/add_service.yaml")
    example = [document for path in sorted(TEMPLATE.iterdir()) for document in yaml.safe_load_all(path.read_text())]
    assert nodes_and_services(example) == nodes_and_services(list(yaml.safe_load_all(done.stdout)))


def test_a_file_may_come_over_a_pipe(rohe: Run, empty: Path) -> None:
    text = (empty / "original" / "contract-bts.yaml").read_text()
    done = rohe("import", "-", piped=text)
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["kind"] == "ObservationContract"
    assert done.stderr.startswith("stdin: ROHE contract")
    assert "stdin:1:1: the file holds nothing" in rohe("import", "-").stderr


def test_what_is_not_imported_along_with_a_contract_is_told(rohe: Run, empty: Path) -> None:
    done = rohe("import", "original/contract-bts.yaml", "--out", "blueprints/bts.yaml")
    assert "missing from what was imported: no pipeline 'bts'" in done.stderr
    assert rohe("validate").returncode == 3
    assert rohe("validate", "--allow-missing-references").returncode == 0


def test_settings_of_which_nothing_maps_write_no_file(rohe: Run, empty: Path) -> None:
    done = rohe("import", "original/observationConfig.yaml", "--out", "settings.yaml")
    assert done.returncode == 0
    assert "nothing to write" in done.stderr
    assert not (empty / "settings.yaml").exists()


def test_a_folder_is_not_a_file(rohe: Run, empty: Path) -> None:
    done = rohe("import", "original")
    assert done.returncode == 64
    assert "original is a folder" in done.stderr
    assert rohe("import", "").returncode == 64


def test_fields_of_one_name_that_are_not_mapped_are_told_together(rohe: Run, empty: Path) -> None:
    report = rohe("import", "original/add_service.yaml").stderr
    assert "application, client_id, instance_name, stage_id, role, command: the sender of a command is not" in report
    assert "object_detection.object_detection_web_service, object_detection.object_detection_imgproc_service" in report
    assert "}.{node, instance_ids}: empty" in report


CONFIGURED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data: {app.ini: "level = info\\n"}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: "example/web:1", volumeMounts: [{name: conf, mountPath: /etc/app}]}]
  volumes: [{name: conf, configMap: {name: app}}]
"""


def test_files_that_came_inside_of_an_imported_file_are_written_and_never_over_others(rohe: Run, empty: Path) -> None:
    (empty / "pod.yaml").write_text(CONFIGURED)
    assert rohe("import", "pod.yaml", "--name", "web", "--out", "blueprints/web.yaml").returncode == 0
    written = empty / "files" / "web" / "app" / "app.ini"
    assert written.read_text() == "level = info\n"
    assert rohe("validate").returncode == 0
    written.write_text("mine\n")
    done = rohe("import", "pod.yaml", "--name", "web", "--out", "blueprints/web.yaml")
    assert (done.returncode, "app.ini is there with another content" in done.stderr) == (64, True)
    assert written.read_text() == "mine\n"


def test_no_file_is_written_outside_of_the_root_and_none_where_one_may_not_be(rohe: Run, empty: Path) -> None:
    root = empty / "root"
    root.mkdir()
    (root / "rohe.yaml").write_text("apiVersion: rohe.dev/v1\n")
    keys = '{a.ini: "x", "../../../../pwned": "y", "..": "z"}'
    (empty / "pod.yaml").write_text(CONFIGURED.replace('{app.ini: "level = info\\n"}', keys))
    done = rohe("import", "pod.yaml", "--name", "web", "--out", "root/blueprints/web.yaml")
    assert done.returncode == 0, done.stderr
    assert "not a key that Kubernetes takes" in done.stderr
    assert {path.name for path in (root / "files").rglob("*") if path.is_file()} == {"a.ini"}
    assert not list(empty.parent.rglob("pwned"))


def test_a_link_that_leads_outside_of_the_root_is_not_followed(rohe: Run, empty: Path) -> None:
    (empty / "pod.yaml").write_text(CONFIGURED.replace("{app.ini", '{a.ini: "x", app.ini'))
    outside = empty.parent / f"{empty.name}-outside"
    outside.mkdir()
    (empty / "files" / "web").mkdir(parents=True)
    (empty / "files" / "web" / "app").symlink_to(outside)
    done = rohe("import", "pod.yaml", "--name", "web", "--out", "blueprints/web.yaml")
    assert (done.returncode, "would be outside of" in done.stderr) == (64, True)
    assert not [*outside.iterdir()]
    assert not (empty / "blueprints" / "web.yaml").exists()


def test_equal_reasons_and_notes_of_several_services_are_listed_once_with_their_names(rohe: Run, empty: Path) -> None:
    services = {f"s{number}": {"image": "a/b:1", "restart": "always", "volumes": ["/data"]} for number in range(12)}
    (empty / "compose.yaml").write_text(json.dumps({"services": services}))
    report = rohe("import", "compose.yaml").stderr
    names = ", ".join(services)
    assert report.count("replicas are restarted when they end") == 1
    assert f"services.{{{names}}}.restart: replicas are restarted when they end (compose.yaml:1:" in report
    value = json.loads(rohe("import", "compose.yaml", "-o", "json").stdout)
    (note,) = [note for note in value["files"][0]["notes"] if len(note["fields"]) == 12]
    assert note["fields"][:2] == ["services.s0.volumes[0]", "services.s1.volumes[0]"]
    assert len(note["places"]) == 12


PROMISES = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: door}
spec: {pipelines: [door], inventory: house, contracts: [door]}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: door}
spec: {services: [{name: camera, command: [camera], ports: [{name: http}]}]}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: house}
spec: {nodes: [{name: pi, cpu: 1, memory: {rss: 1Gi}}]}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: door}
spec:
  pipeline: door
  objectives:
    - {name: fast, metric: response_time, aggregate: p99, operator: "<=", value: 300ms, window: {size: 5m}, for: 1m}
    - {name: same, metric: response_time, operator: "==", value: 1s, window: {size: 5m}}
"""


def test_contracts_are_exported_as_openslo_and_what_it_cannot_say_is_listed(rohe: Run, empty: Path) -> None:
    file = empty / "blueprints" / "door.yaml"
    file.parent.mkdir()
    file.write_text(PROMISES)
    done = rohe("export", "--openslo", "--out", "slo")
    assert (done.returncode, done.stdout) == (0, "slo/openslo.yaml: 1\n"), done.stderr
    assert "not written: objectives.same of contract/door: OpenSLO has no operator '=='" in done.stderr
    assert "not written: objectives.fast.for of contract/door: OpenSLO has no such field" in done.stderr
    service, slo = yaml.safe_load_all((empty / "slo" / "openslo.yaml").read_text())
    assert (service["kind"], slo["kind"], slo["spec"]["service"]) == ("Service", "SLO", "door")
    assert slo["spec"]["objectives"][0]["value"] == 0.3
    value = json.loads(rohe("export", "door", "--openslo", "--out", "slo", "-o", "json").stdout)
    assert value["files"] == [{"file": "slo/openslo.yaml", "entries": 1}]
    assert {item["field"] for item in value["leftOut"]} == {"objectives.same", "objectives.fast.for"}
    file.write_text(PROMISES.replace(", contracts: [door]", ""))
    done = rohe("export", "--openslo", "--out", "slo")
    assert (done.returncode, "nothing to write: the stack has no contract" in done.stderr) == (0, True), done.stderr
