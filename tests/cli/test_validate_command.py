"""`rohe validate`, `rohe schema` and `rohe fmt` as a user types them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., "subprocess.CompletedProcess[str]"]

FAULTY = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  services:
    - {name: camera, comand: [python]}
"""


def test_a_valid_blueprint_ends_with_0_and_says_so(rohe: Run) -> None:
    result = rohe("validate")
    assert result.returncode == 0, result.stderr
    assert "valid: no faults in 1 Inventory, 1 ObservationContract, 1 Pipeline, 1 Stack" in result.stdout


def test_a_fault_ends_with_3_and_is_told_on_stdout_with_place_line_caret_and_hint(rohe: Run, repository: Path) -> None:
    (repository / "blueprints" / "more.yaml").write_text(FAULTY)
    result = rohe("validate")
    assert result.returncode == 3
    lines = result.stdout.splitlines()
    at = lines.index("blueprints/more.yaml:6:22: error R106: unknown field 'comand'")
    assert lines[at + 1] == " 6 |     - {name: camera, comand: [python]}"
    assert lines[at + 2].index("^") == lines[at + 1].index("comand")
    assert lines[at + 3] == "   hint: did you mean 'command'?"


def test_every_command_that_loads_a_blueprint_tells_its_faults(rohe: Run, repository: Path) -> None:
    (repository / "blueprints" / "more.yaml").write_text(FAULTY)
    result = rohe("plan")
    assert result.returncode == 3
    assert "blueprints/more.yaml:6:22: error R106" in result.stderr
    assert result.stdout == ""


def test_the_machine_faces_carry_the_same_faults(rohe: Run, repository: Path) -> None:
    (repository / "blueprints" / "more.yaml").write_text(FAULTY)
    value = json.loads(rohe("validate", "-o", "json").stdout)
    assert (value["valid"], value["errors"]) == (False, 1)
    fault = value["diagnostics"][0]
    assert (fault["file"], fault["line"], fault["column"], fault["code"]) == ("blueprints/more.yaml", 6, 22, "R106")
    log = json.loads(rohe("validate", "-o", "sarif").stdout)
    result = log["runs"][0]["results"][0]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (log["version"], result["ruleId"], result["level"]) == ("2.1.0", "R106", "error")
    assert (region["startLine"], region["startColumn"]) == (6, 22)
    annotation = rohe("validate", "-o", "github").stdout
    assert annotation.startswith("::error file=blueprints/more.yaml,line=6,col=22,title=R106::unknown field 'comand'")


def test_a_lone_contract_validates_with_missing_references_allowed(rohe: Run) -> None:
    alone = rohe("validate", "blueprints/contract.yaml")
    assert alone.returncode == 3
    assert "no pipeline 'digits'" in alone.stdout
    allowed = rohe("validate", "--allow-missing-references", "blueprints/contract.yaml")
    assert allowed.returncode == 0
    assert "note R202" in allowed.stdout


def test_what_is_not_there_is_a_wrong_use(rohe: Run, tmp_path: Path) -> None:
    assert rohe("validate", "nowhere").returncode == 64
    (tmp_path / "empty").mkdir()
    assert rohe("validate", str(tmp_path / "empty")).returncode == 64


def test_several_stacks_want_a_name(rohe: Run, repository: Path) -> None:
    stack = (repository / "blueprints" / "stack.yaml").read_text()
    (repository / "blueprints" / "second.yaml").write_text(stack.replace("{name: digits}", "{name: second}"))
    assert rohe("validate").returncode == 0
    result = rohe("plan")
    assert result.returncode == 64
    assert "digits, second" in result.stderr


def test_fmt_changes_layout_alone_and_check_changes_nothing(rohe: Run, repository: Path) -> None:
    file = repository / "blueprints" / "inventory.yaml"
    normal = file.read_text()
    file.write_text(normal.replace("  deviceTypes:", "  deviceTypes:   "))
    checked = rohe("fmt", "--check")
    assert checked.returncode == 1
    assert "inventory.yaml" in checked.stdout
    assert rohe("fmt").returncode == 0
    assert file.read_text() == normal
    assert rohe("fmt", "--check").returncode == 0


def test_schema_prints_one_json_schema(rohe: Run) -> None:
    schema = json.loads(rohe("schema", "pipeline").stdout)
    assert schema["title"] == "Pipeline"
    assert rohe("schema", "Nothing").returncode == 64
