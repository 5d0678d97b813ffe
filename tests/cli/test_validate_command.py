"""`rohe validate`, `rohe schema` and `rohe fmt` as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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
    told = value["diagnostics"][0]
    assert (told["file"], told["line"], told["column"], told["code"]) == ("blueprints/more.yaml", 6, 22, "R106")
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


HEAD = "apiVersion: rohe.dev/v1\nkind: Inventory\nmetadata: {name: x}\n"
BOMB = "a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)
HOSTILE = {
    "aliases that stand for billions": (HEAD + BOMB, "R004"),
    "brackets a million deep": ("a: " + "[" * 1_000_000, "R003"),
    "dashes a million deep": ("- " * 1_000_000, "R003"),
    "two million values": (HEAD + "spec: [" + "1," * 2_000_000 + "1]\n", "R004"),
    "a key half a million times": (HEAD + "spec:\n" + "  a: 1\n" * 500_000, "R007"),
    "a NUL": (HEAD + "spec: \0\n", "R013"),
    "a tag that would run code": (HEAD + "spec: !!python/object/apply:os.system [id]\n", "R006"),
    "half a million documents": ("---\na: 1\n" * 500_000, "R004"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_300_mib(name: str, rohe: Run, repository: Path) -> None:
    text, code = HOSTILE[name]
    (repository / "blueprints" / "hostile.yaml").write_text(text)
    result = _bounded(repository)
    assert result.returncode == 3, result.stderr
    assert f"error {code}" in result.stdout


def test_files_that_are_no_text_are_refused(repository: Path) -> None:
    folder = repository / "blueprints"
    (folder / "latin.yaml").write_bytes(b"a: \xe9\n")
    (folder / "wide.yaml").write_text("a: 1\n", encoding="utf-16")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "round").symlink_to(".")
    os.mkfifo(folder / "pipe.yaml")
    with (folder / "large.yaml").open("wb") as stream:
        stream.truncate(100 * 2**20)
    result = _bounded(repository)
    assert result.returncode == 3
    for place, code in (("latin.yaml:1:4", "R013"), ("wide.yaml:1:1", "R013"), ("loop.yaml:1:1", "R012"),
                        ("pipe.yaml:1:1", "R012"), ("large.yaml:1:1", "R002")):  # fmt: skip
        assert f"blueprints/{place}: error {code}" in result.stdout


def _bounded(folder: Path) -> subprocess.CompletedProcess[str]:
    """`rohe validate` in a process that may not use more than 300 MiB beyond what the interpreter maps by itself."""
    program = (
        "import resource, sys\n"
        "from rohe_iac.cli.main import run\n"
        "code = run(['validate'])\n"
        "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "sys.exit(code if used < 300 else f'used {used:.0f} MiB')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
