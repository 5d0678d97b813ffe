"""One fault hides no other: each document has two faults or more, and all of them are told in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.sites.partial_fleet import ANY, may_be_said, unknown_aspects
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.loading import check
from rohe_iac.blueprint.validation.stand_ins import STAND_INS
from rohe_iac.foundation.diagnostics import Severity

PIPELINE = """apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  services:
    - {name: a, image: nginx, command: [a], ports: [{name: http}]}
    - {name: b, image: nginx, command: [b], ports: [{name: http}]}
"""
NODES = """apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec:
  deviceTypes:
    jetson: {cpu: 4, memory: {rss: 4Gi}, arch: arm64, accelerators: {GPU0: {type: gpu}}}
  nodes:
    - {name: n1, deviceType: jetson, labels: {zone: a}}
"""
STACK = """apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: s}
spec: {pipelines: [shop], inventory: lab}
"""
CONTRACT = """apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: c}
spec:
  pipeline: shop
  objectives:
    - {metric: respnse, operator: "<", value: 1s, window: {size: 5m}, scope: {service: aa1}}
"""


def found_in(folder: Path, *documents: str) -> list[tuple[str, str]]:
    """Returns code and message of each error and warning of the documents."""
    (folder / "rohe.yaml").write_text("project: x\n")
    (folder / "blueprints").mkdir(exist_ok=True)
    (folder / "blueprints" / "all.yaml").write_text("---\n".join(documents))
    return [
        (item.code, item.message)
        for item in check([folder]).diagnostics
        if item.severity is not Severity.NOTE and item.code != "R401"
    ]


@pytest.mark.parametrize(
    ("documents", "codes"),
    [
        # A flow without `from`, and where it goes.
        ((f"{PIPELINE}  flow: [{{to: nobody}}]\n",), ["R107", "R205"]),
        # A link without its bandwidth's unit, and its zone.
        ((f"{NODES}  links: [{{between: [zone/a, zone/z], latency: 1x}}]\n",), ["R112", "R209"]),
        # A link without ends, and its latency.
        ((f"{NODES}  links: [{{latency: 1x}}]\n",), ["R107", "R112"]),
        # A request by share and count, and a type that no node has.
        (
            (
                PIPELINE.replace("ports", "requests: {accelerators: {npu: {share: 5%, count: 1}}}, ports", 1),
                NODES,
                STACK,
            ),
            ["R116", "R302"],
        ),
        # A request by neither.
        (
            (PIPELINE.replace("ports", "requests: {accelerators: {npu: {}}}, ports", 1), NODES, STACK),
            ["R116", "R302"],
        ),
        # `member` for `members`, and a profile that is not there.
        (
            (PIPELINE.replace("command: [a]", "ensemble: {member: [{name: m, profile: no.yaml}]}"),),
            ["R106", "R225"],
        ),
        # A misspelt name of a contract, and what the stack and the contract name.
        (
            (
                PIPELINE,
                NODES,
                STACK.replace("lab}", "lab, contracts: [c, d]}"),
                CONTRACT.replace("{name: c}", "{nmae: c}"),
            ),
            ["R106", "R204", "R205", "R213"],
        ),
        # A misspelt pipeline of a contract, and its service and metric.
        ((PIPELINE, CONTRACT.replace("pipeline:", "pipline:")), ["R106", "R205", "R213"]),
        # A use of a module that is not there, and a misspelt pipeline.
        (
            (PIPELINE, NODES, STACK.replace("[shop]", "[shp], modules: [{name: m, source: modules/none}]")),
            ["R202", "R231"],
        ),
        # A use of a module with an unknown field, and a misspelt pipeline.
        (
            (PIPELINE, NODES, STACK.replace("[shop]", "[shp], modules: [{name: m, sauce: modules/none}]")),
            ["R106", "R202", "R231"],
        ),
    ],
)
def test_every_fault_is_told_in_one_run(tmp_path: Path, documents: tuple[str, ...], codes: list[str]) -> None:
    found = found_in(tmp_path, *documents)
    assert sorted({code for code, _ in found}) == codes, found


DEMANDS = "requests: {cpu: 99, accelerators: {npu: {count: 1}}}, placement: {nodeSelector: {zone: z}}, ports"


@pytest.mark.parametrize(
    ("written", "faulty", "hidden"),
    [
        ("status: running", "statsu: running", set()),
        ("status: running", "status: runing", set()),
        ("status: running", "taints: [{effect: NoSchedule}]", set()),
        ("status: running", "mac: 12", set()),
        ("status: running", "labels: {zone: [a, b]}", {"R303"}),
        ("status: running", "cpu: many", {"R301"}),
        ("status: running", "accelerators: {x: {type: gpu, capacity: lots}}", {"R302"}),
        ("name: n2", "nmae: n2", set()),
        ("deviceType: jetson, status", "deviceType: jetsen, status", set()),
        ("deviceType: jetson, status", "deviceType: mainframe-9000, status", {"R301", "R302", "R303"}),
    ],
)
def test_a_fault_of_a_node_hides_only_what_it_is_about(
    tmp_path: Path, written: str, faulty: str, hidden: set[str]
) -> None:
    nodes = f"{NODES}    - {{name: n2, deviceType: jetson, status: running}}\n"
    assert written in nodes
    found = found_in(tmp_path, PIPELINE.replace("ports", DEMANDS, 1), nodes.replace(written, faulty), STACK)
    demands = {"R301", "R302", "R303"}
    assert {code for code, _ in found} & demands == demands - hidden, found
    assert {code for code, _ in found} - demands, "the fault of the node is told, too"


def test_no_device_is_missed_because_a_device_type_is_misspelt(tmp_path: Path) -> None:
    pipeline = PIPELINE.replace("ports", "requests: {accelerators: {gpu: {count: 1}}}, ports", 1)
    found = found_in(tmp_path, pipeline, NODES.replace("deviceType: jetson", "deviceType: jetsen"), STACK)
    assert [code for code, _ in found] == ["R207"], found


def test_a_fault_of_a_module_is_told_once(tmp_path: Path) -> None:
    module = tmp_path / "modules" / "shop"
    module.mkdir(parents=True)
    (module / "module.yaml").write_text(
        "apiVersion: rohe.dev/v1\nkind: Module\nmetadata: {name: shop, version: 1.0.0}\nspec: {sources: [p.yaml]}\n"
    )
    (module / "p.yaml").write_text(PIPELINE.replace("command: [a]", "comand: [a]"))
    uses = "".join(f"    - {{name: {name}, source: modules/shop, prefix: {name}-}}\n" for name in ("x", "y", "z"))
    stack = (
        f"{STACK.split('spec')[0]}spec:\n  inventory: lab\n  pipelines: [x-shop, y-shop, z-shop]\n  modules:\n{uses}"
    )
    found = found_in(tmp_path, NODES, stack)
    assert found == [("R106", "unknown field 'comand' (in module use 'x')")]


def test_what_is_not_known_of_an_inventory_keeps_back_only_claims_about_it() -> None:
    document = Document(SourceText("a", ""), 0, {})
    assert unknown_aspects(document, Inventory.model_validate({"metadata": {"name": "i"}, "spec": {}})) == frozenset()
    about_cpu = Finding(document, ("spec", "services", 0, "requests", "cpu"), "R301", "")
    assert may_be_said(about_cpu, frozenset(("memory",)))
    assert not may_be_said(about_cpu, frozenset(("cpu",)))
    assert not may_be_said(about_cpu, frozenset((ANY,)))
    about_all = Finding(document, ("spec", "services", 0, "name"), "R303", "")
    assert may_be_said(about_all, frozenset(("mac",)))
    assert not may_be_said(about_all, frozenset(("memory",)))


def test_the_stand_ins_are_of_fields_that_exist() -> None:
    assert STAND_INS["Link", "from"]


def test_a_contract_may_name_a_service_that_lacks_its_name(tmp_path: Path) -> None:
    unnamed = PIPELINE.replace("{name: b, image: nginx, command: [b], ", "{image: nginx, command: [b], ")
    named = CONTRACT.replace("respnse", "response_time").replace("aa1", "detector")
    codes = [code for code, _ in found_in(tmp_path, unnamed, NODES, STACK, named)]
    assert codes == ["R107"]
    codes = [code for code, _ in found_in(tmp_path, PIPELINE, NODES, STACK, named)]
    assert codes == ["R205"]
