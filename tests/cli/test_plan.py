"""Claims about `rohe plan`, `show`, `verify` and `render`."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from msgspec import structs

from rohe_iac.deployment.files.planfile import decode

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_every_replica_gets_a_node_with_a_reason(rohe: Run) -> None:
    done = rohe("plan", "-o", "json")
    assert done.returncode == 0, done.stderr
    placements = json.loads(done.stdout)["plan"]["placements"]
    assert {place["instance"] for place in placements} >= {"classify-svm-0", "classify-svm-1", "camera-0"}
    assert all(place["node"] and place["reason"] for place in placements)


def test_the_same_input_gives_the_same_bytes_whatever_the_hash_seed_and_the_order_of_files(
    rohe: Run, repository: Path
) -> None:
    assert rohe("plan", "--out", "a.plan", PYTHONHASHSEED="1").returncode == 0
    documents = sorted((repository / "blueprints").iterdir())
    plan = json.loads((repository / "a.plan").read_bytes())
    assert rohe("plan", "--out", "b.plan", PYTHONHASHSEED="2").returncode == 0
    assert (repository / "a.plan").read_bytes() == (repository / "b.plan").read_bytes()
    whole = "---\n".join(path.read_text() + "\n" for path in reversed(documents))
    for path in documents:
        path.unlink()
    (repository / "blueprints" / "all.yaml").write_text(whole)
    again = json.loads(rohe("plan", "-o", "json", PYTHONHASHSEED="3").stdout)
    assert again["plan"] == plan["plan"]
    assert again["manifests"] == plan["manifests"]


def test_the_order_in_which_services_members_links_and_nodes_are_written_changes_nothing(
    rohe: Run, repository: Path
) -> None:
    """Else moving a service up in its file would restart the agent."""
    plans = []
    for _ in range(2):
        plans.append(json.loads(rohe("plan", "-o", "json").stdout))
        for path in (repository / "blueprints").glob("*.yaml"):
            documents = list(yaml.safe_load_all(path.read_text()))
            for spec in (document["spec"] for document in documents):
                for name in ("services", "flow", "nodes", "links", "contracts", "pipelines"):
                    spec.get(name, []).reverse()
                for service in spec.get("services", []):
                    service.get("ensemble", {}).get("members", []).reverse()
            path.write_text(yaml.safe_dump_all(documents, sort_keys=True))
    assert plans[0]["inputs"] != plans[1]["inputs"]
    for part in ("plan", "manifests", "actions"):
        assert plans[0][part] == plans[1][part]


def test_a_plan_is_shown_and_verified_without_the_repository(rohe: Run, repository: Path, tmp_path: Path) -> None:
    plan = tmp_path / "digits.plan"
    shown = rohe("plan", "--out", str(plan))
    shutil.rmtree(repository / "blueprints")
    assert rohe("show", str(plan)).stdout == shown.stdout
    verified = rohe("verify", str(plan))
    assert verified.returncode == 0
    assert "every constraint holds" in verified.stdout


def test_a_plan_that_breaks_a_constraint_does_not_verify(rohe: Run, repository: Path) -> None:
    rohe("plan", "--out", "digits.plan")
    path = repository / "digits.plan"
    planfile = decode(path.read_bytes(), "digits.plan")
    crowded = tuple(structs.replace(place, node="zero-1") for place in planfile.plan.placements)
    path.write_bytes(replace(planfile, plan=replace(planfile.plan, placements=crowded)).encode())
    done = rohe("verify", "digits.plan")
    assert done.returncode == 1
    assert "zero-1" in done.stdout


def test_one_changed_byte_is_refused_with_6(rohe: Run, repository: Path) -> None:
    rohe("plan", "--out", "digits.plan")
    edit(repository / "digits.plan", '"zero-1"', '"zero-2"')
    for command in ("show", "verify"):
        done = rohe(command, "digits.plan")
        assert done.returncode == 6
        assert "altered" in done.stderr
        assert "Traceback" not in done.stderr


def test_what_fits_nowhere_is_told_with_place_node_and_amount_and_the_plan_is_written(
    rohe: Run, repository: Path
) -> None:
    edit(repository / "blueprints" / "pipeline.yaml", "requests: {cpu: 250m,", "requests: {cpu: 3,")
    done = rohe("plan", "--out", "digits.plan")
    assert done.returncode == 4
    assert "replica/digits:aggregate/0: closest is" in done.stdout
    assert "missing" in done.stdout
    assert "blueprints/pipeline.yaml:" in done.stdout
    assert (repository / "digits.plan").exists()


def test_changes_are_two_with_detailed_exitcode(rohe: Run) -> None:
    assert rohe("plan", "--detailed-exitcode").returncode == 2


def test_a_plan_is_readable_by_its_owner_only(rohe: Run, repository: Path) -> None:
    rohe("plan", "--out", "digits.plan")
    assert (repository / "digits.plan").stat().st_mode & 0o077 == 0


def test_a_secret_reaches_neither_plan_nor_manifests(rohe: Run, repository: Path) -> None:
    edit(
        repository / "blueprints" / "pipeline.yaml",
        'env: {OMP_NUM_THREADS: "1", LOAD: "40"',
        'env: {TOKEN: {secret: "env:CAMERA_TOKEN"}, OMP_NUM_THREADS: "1", LOAD: "40"',
    )
    done = rohe("plan", "-o", "json", CAMERA_TOKEN="hunter2-hunter2")
    assert done.returncode == 0, done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "env:CAMERA_TOKEN" in done.stdout


def test_render_writes_the_bytes_of_the_plan(rohe: Run, repository: Path) -> None:
    plan = json.loads(rohe("plan", "-o", "json").stdout)
    assert rohe("render", "--out", "manifests").returncode == 0
    for manifest in plan["manifests"]:
        assert (repository / "manifests" / f"{manifest['name']}.yaml").read_text() == manifest["text"]


def test_render_to_stdout_prints_yaml_only(rohe: Run) -> None:
    done = rohe("render")
    kinds = [document["kind"] for document in yaml.safe_load_all(done.stdout)]
    assert kinds.count("Process") == 8
    assert done.stderr == ""


def test_the_kubernetes_target_differs_by_its_target_alone(rohe: Run, repository: Path) -> None:
    edit(
        repository / "blueprints" / "stack.yaml",
        "target: {local: {runtime: process, ports: 24200-24299}}",
        "target: {kubernetes: {namespace: digits}}",
    )
    done = rohe("render")
    assert done.returncode == 0, done.stderr
    documents = list(yaml.safe_load_all(done.stdout))
    kinds = [document["kind"] for document in documents]
    assert set(kinds) == {
        *("Namespace", "Deployment", "Service", "ConfigMap", "PersistentVolumeClaim", "PodDisruptionBudget"),
        *("NetworkPolicy", "PriorityClass", "ServiceAccount", "Role", "RoleBinding"),
    }
    names = [(document["kind"], document["metadata"]["name"]) for document in documents]
    assert len(set(names)) == len(names)
    preprocess = next(d for d in documents if d["kind"] == "Deployment" and d["metadata"]["name"].startswith("prepro"))
    environment = {
        entry["name"]: entry.get("value") for entry in preprocess["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    urls = [f"http://classify-svm-{index}.rohe-digits.digits.svc:8000" for index in (0, 1)]
    assert json.loads(environment["ROHE_PEERS"])["classify"]["svm"] == urls


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plan", "nosuch"), 64),
        (("plan", "--nosuch"), 64),
        (("show", "nosuch.plan"), 64),
        (("-C", "/nosuch", "plan"), 64),
        (("plan", "--against", "blueprints/stack.yaml"), 6),
        (("plan", "--out", "/nosuch/x.plan"), 64),
    ],
)
def test_what_cannot_be_done_is_told_without_a_traceback(rohe: Run, arguments: tuple[str, ...], code: int) -> None:
    done = rohe(*arguments)
    assert done.returncode == code, done.stderr
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_plan_of_a_blueprint_that_changed_since_is_not_applied(rohe: Run, repository: Path) -> None:
    assert rohe("plan", "--out", "digits.plan").returncode == 0
    edit(repository / "blueprints" / "pipeline.yaml", 'LOAD: "40"', 'LOAD: "31"')
    done = rohe("apply", "--yes", "digits.plan")
    assert done.returncode == 6
    assert "blueprints/pipeline.yaml: changed since" in done.stderr


def test_questions_about_a_plan_fill_a_page_in_markdown(rohe: Run) -> None:
    rohe("plan", "--out", "digits.plan")
    for title, *arguments in (
        ("# Plan of stack digits", "plan", "--all"),
        ("# Plan of stack digits", "show", "digits.plan"),
        ("# Plan of stack digits, checked again", "verify", "digits.plan"),
        ("# What the loss of each node and zone breaks", "audit"),
        ("# service/digits:camera on pi-1", "why-not", "camera", "pi-1"),
        ("# What if `node/pi-1=down`", "plan", "--what-if", "node/pi-1=down"),
        ("# service/digits:camera, by a plan made now; nothing is applied", "explain", "service/digits:camera"),
    ):
        done = rohe(*arguments, "-o", "markdown")
        lines = done.stdout.splitlines()
        assert lines[0] == title, done.stderr
        rows = [line for line in lines if line.startswith("|")]
        assert all(row.endswith("|") for row in rows)
    shown = rohe("plan", "-o", "markdown").stdout
    assert "| zero-1 | digits:camera/0 |" in shown
    assert "the only suitable node |" in shown


def test_manifests_that_make_something_else_do_not_verify(rohe: Run, repository: Path) -> None:
    rohe("plan", "--out", "digits.plan")
    path = repository / "digits.plan"
    planfile = decode(path.read_bytes(), "digits.plan")
    camera = next(manifest for manifest in planfile.manifests if manifest.address == "replica/digits:camera/0")
    for changed in (
        replace(camera, text=camera.text.replace("ROHE_NODE: zero-1", "ROHE_NODE: pi-1")),
        replace(camera, text=camera.text.replace("kind: Process", "kind: Broker")),
        replace(camera, text=camera.text.replace("name: camera-0", "name: camera-1")),
        replace(camera, address="replica/digits:camera/7"),
        replace(camera, depends_on=("nobody",)),
    ):
        assert changed != camera
        others = [changed if manifest == camera else manifest for manifest in planfile.manifests]
        path.write_bytes(replace(planfile, manifests=tuple(others)).encode())
        done = rohe("verify", "digits.plan")
        assert done.returncode == 1
        assert "camera" in done.stdout
    path.write_bytes(replace(planfile, actions=planfile.actions[1:]).encode())
    assert "has no action" in rohe("verify", "digits.plan").stdout


def test_verbose_reports_the_search_on_stderr_and_changes_nothing_else(rohe: Run, repository: Path) -> None:
    assert "search: none was made\n" in rohe("plan", "-v").stderr
    edit(repository / "blueprints" / "stack.yaml", "strategy: best-fit", "strategy: portfolio")
    quiet = rohe("plan", "-o", "json", "--out", "quiet.plan")
    assert "search:" not in quiet.stderr
    for more in ([], ["--what-if", "node/pi-1=down"]):
        done = rohe("plan", "--verbose", *more)
        (line,) = re.findall(r"^search: ([\d,]+) iterations, (.*)$", done.stderr, re.MULTILINE)
        counts = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", line[1])]
        assert re.sub(r"[\d,]*\d ", "", line[1]) == "best, better, accepted, rejected"
        assert sum(counts) == int(line[0].replace(",", ""))
        assert "search:" not in done.stdout
    verbose = rohe("plan", "-v", "-o", "json", "--out", "verbose.plan")
    assert verbose.stdout == quiet.stdout
    assert (repository / "verbose.plan").read_bytes() == (repository / "quiet.plan").read_bytes()


def test_a_compressed_plan_file_is_shown_verified_and_refused_like_any_other(rohe: Run, repository: Path) -> None:
    assert rohe("plan", "--out", "a.plan").returncode == 0
    saved = rohe("plan", "--out", "a.plan.gz")
    assert saved.returncode == 0, saved.stderr
    assert "next: rohe apply a.plan.gz" in saved.stderr
    assert gzip.decompress((repository / "a.plan.gz").read_bytes()) == (repository / "a.plan").read_bytes()
    assert rohe("show", "a.plan.gz").stdout == rohe("show", "a.plan").stdout
    assert rohe("verify", "a.plan.gz").returncode == 0
    (repository / "a.plan.gz").write_bytes((repository / "a.plan.gz").read_bytes()[:-20])
    cut = rohe("verify", "a.plan.gz")
    assert cut.returncode == 6, cut.stderr
    assert "cut off" in cut.stderr


def test_a_pipeline_that_does_not_fit_whole_is_left_out_and_room_that_is_missing_is_named(
    rohe: Run, repository: Path
) -> None:
    edit(repository / "blueprints" / "pipeline.yaml", "\nspec:\n", "\nspec:\n  gang: true\n")
    whole = rohe("plan")
    assert (whole.returncode, "left out" in whole.stdout) == (0, False)
    asked = rohe("plan", "--what-if", "service/camera.cpu=900")
    assert asked.returncode == 4
    assert "pipeline digits (gang: true) is left out with its" in " ".join(asked.stdout.split())
    edit(repository / "blueprints" / "stack.yaml", "strategy: best-fit}", "strategy: best-fit, reserve: {update: 40}}")
    roomy = rohe("plan", "-o", "json")
    assert roomy.returncode == 4
    plan = json.loads(roomy.stdout)["plan"]
    assert {item["workload"].partition("/")[0] for item in plan["unplaced"]} == {"update"}
    assert plan["reserved"]
    assert "no room to update" in rohe("plan").stdout
