"""Reports of imports, exports and profiles on a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.authoring.importing import show_export, show_import
from rohe_iac.usecases.authoring.export import Export
from rohe_iac.usecases.authoring.import_ import import_files

SAMPLES = Path(__file__).parents[3] / "importing" / "samples"


def test_fields_that_are_not_mapped_are_grouped_by_reason(new_screen: Any) -> None:
    done = import_files(SAMPLES, [Path("add_service.yaml")])
    screen, printed = new_screen(2000)
    show_import(screen, done, Output.human, "out.yaml")
    lines = printed().splitlines()
    assert lines[0].startswith("add_service.yaml: ")
    assert any("}.{node, instance_ids}: empty" in line for line in lines)
    assert any(line.startswith("missing from what was imported: ") for line in lines) == bool(done.absent)
    assert lines[-1].endswith("written to out.yaml")


def test_a_service_without_a_port_is_a_warning_with_its_hint_and_nothing_that_is_missing(
    new_screen: Any, tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {image: web, links: [db]}, db: {image: pg}}\n")
    done = import_files(tmp_path, [Path("compose.yaml")])
    screen, printed = new_screen(2000)
    show_import(screen, done, Output.human, None)
    (line,) = [line for line in printed().splitlines() if "'db' has no port" in line]
    assert line.startswith("`rohe validate` will warn: R253 ")
    assert line.endswith("; add ports: [{name: http}] to 'db'")
    assert done.absent == ()


def test_what_an_export_leaves_out_is_grouped_by_field_and_reason(new_screen: Any) -> None:
    screen, printed = new_screen()
    left_out = tuple((f"service/{name}", "ports", "no place for it") for name in "abcd")
    show_export(screen, Export((("add_node.yaml", 3),), left_out), Output.human, Path("out"))
    assert printed().splitlines() == [
        "out/add_node.yaml: 3",
        "  not written: ports of service/a, service/b, service/c and 1 more: no place for it",
    ]
