"""`rohe plan` of what is applied already: nothing changes, by any strategy and whatever comes back from the record."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.deployment.files.record import Record, write_record
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.plans.plan import PlannedStack, make_plan

Run = Callable[..., "subprocess.CompletedProcess[str]"]

EXAMPLES = Path(__file__).parents[2] / "examples"

STACK = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: shop}
spec: {pipelines: [tills], inventory: shop, target: {local: {ports: 42000-42099}}, planner: {PLANNER}}
"""

INVENTORY = """\
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: shop}
spec:
  nodes:
    - {name: front, cpu: 5600m, cores: [400m, 400m, 400m, 400m, 1, 1, 1, 1], memory: {rss: 8Gi}, labels: {zone: a}}
    - {name: back, cpu: 4, cores: [500m, 500m, 1500m, 1500m], memory: {rss: 16Gi}, accelerators: {GPU0: {type: gpu}}}
    - {name: door, cpu: 2, memory: {rss: 2Gi}, labels: {zone: a}}
"""

SERVICES = (
    "{name: cam, command: [x], replicas: 2, ports: [{name: p}], requests: {cpu: 1300m, cores: [650m, 390m, 260m]}}",
    "{name: vote, command: [x], ports: [{name: http, hostPort: 42007}], requests: {cpu: 300m}, priority: 5}",
    "{name: model, command: [x], replicas: 2, requests: {cpu: 1300m, cores: [380m, 380m, 260m, 130m]}}",
    "{name: gpu, command: [x], replicas: 3, requests: {cpu: 100m, accelerators: {gpu: {share: 40%}}}}",
    "{name: huge, command: [x], requests: {cpu: 9}}",
)

FEWEST = """\
def fewest(candidates):
    return min(candidates, key=lambda candidate: candidate.replicas).node.name
"""


def write(folder: Path, planner: str, *, reverse: bool = False) -> None:
    """Writes the blueprint, its documents and their items in one order or the other."""
    pipeline = "apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {name: tills}\nspec:\n  services:\n"
    services = SERVICES[::-1] if reverse else SERVICES
    head, *nodes = INVENTORY.split("    - ")
    inventory = head + "".join(f"    - {node}" for node in (nodes[::-1] if reverse else nodes))
    documents = [
        STACK.replace("{PLANNER}", planner),
        pipeline + "".join(f"    - {service}\n" for service in services),
        inventory,
    ]
    (folder / "blueprints" / "all.yaml").write_text("---\n".join(documents[::-1] if reverse else documents))


def apply(planned: PlannedStack, folder: Path) -> None:
    """Writes the record that an apply leaves."""
    planfile = planned.planfile
    write_record(StackFolder.of(planfile.project, planfile.stack).ensure(), Record(1, planfile, complete=True))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty blueprint with a strategy of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "repository"
    (folder / "blueprints").mkdir(parents=True)
    (folder / "rohe.yaml").write_text("")
    (folder / "mine.py").write_text(FEWEST)
    return folder


def still(folder: Path, rewrite: Callable[[], None] | None = None) -> None:
    """Plans, applies and plans again, and once more after the documents are written in another order."""
    planned = make_plan(folder)
    apply(planned, folder)
    for change in (None, rewrite):
        if change is not None:
            change()
        again = make_plan(folder)
        assert held(again) == held(planned)
        assert [action for action in again.planfile.actions if action.verb != "keep"] == []


def held(planned: PlannedStack) -> tuple[list[object], set[str]]:
    """Returns what every replica has, and which have no place."""
    plan = planned.planfile.plan
    placed: list[object] = [(item.replica, item.node, item.cores, item.devices, item.ports) for item in plan.placements]
    return placed, {item.replica for item in plan.unplaced}


@pytest.mark.parametrize(
    "planner",
    [
        *(f"{{strategy: {name}}}" for name in ("first-fit", "best-fit", "worst-fit", "dot-product", "fragmentation")),
        "{}",
        "{survive: 1}",
        "{objective: [placed, nodes]}",
        "{objective: [placed, balance]}",
        "{strategy: 'mine.py:fewest'}",
    ],
)
def test_what_is_applied_stays_as_it_is(shop: Path, planner: str) -> None:
    write(shop, planner)
    still(shop, lambda: write(shop, planner, reverse=True))


@pytest.mark.parametrize("example", ["cctvs", "digits", "template"])
def test_stacks_with_sizing_contracts_and_variants_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shutil.copytree(EXAMPLES / example, tmp_path / example)
    still(tmp_path / example)


def test_the_command_compares_with_the_record_of_the_stack_and_with_a_record_file(rohe: Run, repository: Path) -> None:
    assert rohe("plan", "--max-moves", "3", "--out", "digits.plan").returncode == 0
    saved = json.loads((repository / "digits.plan").read_bytes())
    record = repository / "record.json"
    record.write_text(json.dumps({"schema": "rohe.dev/record/v1", "serial": 1, "complete": True, "plan": saved}))
    done = rohe("plan", "--against", "record.json", "--detailed-exitcode", "-o", "json")
    assert done.returncode == 0
    again = json.loads(done.stdout)["plan"]["placements"]
    assert [(item["replica"], item["node"], item["cores"], item["ports"]) for item in again] == [
        (item["replica"], item["node"], item["cores"], item["ports"]) for item in saved["plan"]["placements"]
    ]
    assert {item["decided"] for item in again} == {"previous"}


def test_the_command_compares_with_a_plan_file_as_with_a_record(rohe: Run) -> None:
    assert rohe("plan", "--out", "digits.plan.gz").returncode == 0
    again = rohe("plan", "--against", "digits.plan.gz", "--out", "again.plan", "--detailed-exitcode", "-o", "json")
    assert again.returncode == 0, "nothing to do"
    assert {item["decided"] for item in json.loads(again.stdout)["plan"]["placements"]} == {"previous"}
    shown = rohe("show", "again.plan").stdout
    assert "Against a plan file, not what is applied: " in shown
    done = rohe("apply", "--yes", "again.plan")
    assert done.returncode == 6
    assert "it was made against a plan file; applied now is nothing" in done.stderr
    assert "made against a plan file, which is not at hand" in rohe("verify", "again.plan").stdout


def test_a_file_to_compare_with_is_looked_for_in_the_folder_that_the_command_works_in(
    rohe: Run, repository: Path
) -> None:
    assert rohe("-C", "blueprints", "plan", "--out", "digits.plan").returncode == 0
    assert (repository / "blueprints" / "digits.plan").is_file()
    done = rohe("-C", "blueprints", "plan", "--against", "digits.plan", "--detailed-exitcode")
    assert done.returncode == 0, done.stderr


def test_a_file_that_is_neither_record_nor_plan_gets_no_advice_to_destroy(rohe: Run, repository: Path) -> None:
    (repository / "other.json").write_text('{"serial": 1}')
    for name in ("other.json", "blueprints/stack.yaml"):
        done = rohe("plan", "--against", name)
        assert done.returncode == 6
        assert f"{name} is neither a record of an applied plan nor a plan file" in done.stderr
        assert "rohe plan --out FILE" in done.stderr
        assert "destroy" not in done.stderr
