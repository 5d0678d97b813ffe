"""Checks of an inventory: capacities, addresses and links that contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.inventory import MAC, check
from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.loading import check as check_files

NODE = "name: n, cpu: 2, memory: {rss: 1Gi}"
CLAIMED = "{type: g, kubernetes: {deviceClass: c, attribute: index, values: [0]}}"
LINK = f"nodes: [{{{NODE}}}]\n  links: [{{name: l, between: "


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        (f"nodes: [{{{NODE}}}]", "", ()),
        (f"nodes: [{{{NODE}}}, {{{NODE}}}]", "R210", ("spec", "nodes", 1, "name")),
        ("nodes: [{name: n, deviceType: pi}]", "R207", ("spec", "nodes", 0, "deviceType")),
        ("nodes: [{name: n, cpu: 2}]", "R107", ("spec", "nodes", 0)),
        (f"nodes: [{{{NODE}, used: {{cpu: 3}}}}]", "R227", ("spec", "nodes", 0, "used", "cpu")),
        (f"nodes: [{{{NODE}, used: {{cores: [1, 1, 1]}}}}]", "R227", ("spec", "nodes", 0, "used", "cores")),
        (f"nodes: [{{{NODE}, mac: 'x'}}]", "R226", ("spec", "nodes", 0, "mac")),
        (f"nodes: [{{{NODE}, arch: x86_64}}]", "R109", ("spec", "nodes", 0, "arch")),
        ("nodes: [{name: n, cpu: 2, memory: {rss: 2Gi, vms: 1Gi}}]", "R223", ("spec", "nodes", 0, "memory", "vms")),
        (
            f"nodes: [{{{NODE}, accelerators: {{A: {CLAIMED}, B: {CLAIMED}}}}}]",
            "R240",
            ("spec", "nodes", 0, "accelerators", "B", "kubernetes"),
        ),
        (
            "nodes: [{name: 'n-[1:4]', deviceType: pi}, {name: n-2, status: down}]",
            "R207",
            ("spec", "nodes", 0, "deviceType"),
        ),
        ("nodes: [{name: 'n-[1:4]', cpu: 2}, {name: n-2, status: down}]", "R107", ("spec", "nodes", 0)),
        (
            "nodes: [{name: 'n-[1:4]', cpu: 2, memory: {rss: 1Gi}, arch: x86_64}, {name: n-2, status: down}]",
            "R109",
            ("spec", "nodes", 0, "arch"),
        ),
        (
            "nodes: [{name: 'n-[1:4]', cpu: 2, memory: {rss: 1Gi}}, {name: n-2, used: {cpu: 3}}]",
            "R227",
            ("spec", "nodes", 1, "used", "cpu"),
        ),
        (LINK + "[node/n, zone/z]}]", "R209", ("spec", "links", 0, "between", 1)),
        (LINK + "[node/n, node/n]}]", "R211", ("spec", "links", 0, "between")),
    ],
)  # fmt: skip
def test_a_contradiction_is_found_at_its_path(
    valid_document: Callable[[str, str], Document], spec: str, code: str, path: tuple[str | int, ...]
) -> None:
    document = valid_document("Inventory", f"  {spec}\n")
    assert isinstance(document.model, Inventory)
    assert [(finding.code, finding.path) for finding in check(document, document.model)] == (
        [(code, path)] if code else []
    )


ZONED = "nodes: [{" + NODE + ", labels: {zone: z}}, {name: z, cpu: 2, memory: {rss: 1Gi}}]\n  links: "


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ("[n, zone/z]", [("R119", "did you mean node/n?")]),
        ("[z, node/n]", [("R119", "write node/z or zone/z")]),
        (
            "[n9, node/n]",
            [("R119", "write node/NAME or zone/NAME"), ("R209", "there are: node/n, node/z, zone/z")],
        ),
        (
            "[n, node/n]",
            [
                ("R119", "did you mean node/n?"),
                ("R211", "a node reaches itself; a zone given twice means the links between its nodes"),
            ],
        ),
    ],
)  # fmt: skip
def test_the_end_of_a_link_without_its_kind_is_told_as_what_the_inventory_has(
    valid_document: Callable[[str, str], Document], between: str, said: list[tuple[str, str]]
) -> None:
    document = valid_document("Inventory", f"  {ZONED}[{{name: l, between: {between}}}]\n")
    assert isinstance(document.model, Inventory)
    assert [(finding.code, finding.hint) for finding in check(document, document.model)] == said


@pytest.mark.parametrize(
    ("text", "matches"), [("82:ae:30:11:38:06", True), ("82-AE-30-11-38-06", True), ("82ae30113806", False)]
)
def test_a_mac_address_has_six_pairs_of_digits(text: str, matches: bool) -> None:
    assert (MAC.fullmatch(text) is not None) == matches


@pytest.mark.parametrize("count", ["0", "-1", '""', "1.5", "many"])
def test_a_range_with_a_faulty_count_has_no_second_fault(tmp_path: Path, count: str) -> None:
    file = tmp_path / "lab.yaml"
    text = "apiVersion: rohe.dev/v1\nkind: Inventory\nmetadata: {name: lab}\nspec:\n  nodes:\n"
    file.write_text(text + f"    - {{name: 'l-[1:]', count: {count}, cpu: 2, memory: {{rss: 1Gi}}}}\n")
    (found,) = check_files([file]).diagnostics
    assert found.code in ("R108", "R110")
