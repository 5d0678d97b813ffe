"""Completion through the protocol that the installed scripts of bash, zsh and fish use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.cli.completion import DOCUMENT_KINDS
from rohe_iac.deployment.files.record import Record, write_record
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.known_names import KnownNames, known_names
from rohe_iac.usecases.plans.plan import make_plan

BIN = Path(sys.executable).parent
HEAVY = {"numpy", "pulumi", "grpc", "paho", "jinja2", "msgspec", "psutil", "supervisor", "rich"}


def completed(folder: Path, shell: str, line: str, **variables: str) -> str:
    words = line.split(" ")
    environment = {
        **os.environ,
        "_ROHE_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        **variables,
    }
    done = subprocess.run(
        [BIN / "rohe"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    return done.stdout


def names(folder: Path, line: str, **variables: str) -> set[str]:
    return set(completed(folder, "bash", line, **variables).split())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rohe plan ", {"digits"}),
        ("rohe status di", {"digits"}),
        ("rohe apply ", {"digits"}),
        ("rohe logs --stack ", {"digits"}),
        ("rohe logs service/cl", {"service/classify", "service/classify/svm", "service/classify/forest"}),
        ("rohe why-not cam", {"camera"}),
        ("rohe why-not classify ", {"pi-1", "node/pi-1", "zero-1"}),
        ("rohe explain service/classify/s", {"service/classify/svm"}),
        ("rohe explain R10", {"R101", "R106"}),
        ("rohe destroy --allow-destroy node/", {"node/zero-1"}),
        ("rohe schema ", {*KINDS, "all"}),
        ("rohe plan -o ", {"human", "json", "markdown"}),
        ("rohe engine ", {"install"}),
    ],
)
def test_bash_completes(repository: Path, line: str, expected: set[str]) -> None:
    found = names(repository, line)
    assert expected <= found
    assert all(name.startswith(line.split(" ")[-1]) for name in found)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_complete(repository: Path, shell: str) -> None:
    found = completed(repository, shell, "rohe logs service/classify/s")
    assert "service/classify/svm" in found
    assert "camera" not in found


def test_bash_completes_with_the_script_that_rohe_prints(repository: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = completed(repository, "bash", "", _ROHE_COMPLETE="source_bash")
    line = "COMP_WORDS=(rohe explain node/z) COMP_CWORD=2; _rohe_completion rohe; echo ${COMPREPLY[@]}"
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [bash, "-c", f"{script}\n{line}"], cwd=repository, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["node/zero-1"]


def test_the_folder_of_the_command_line_is_the_one_that_is_read(repository: Path) -> None:
    assert names(repository.parent, "rohe -C repository plan ") == {"digits"}


@pytest.mark.parametrize("line", ["rohe plan ", "rohe explain service/", "rohe -C nowhere plan "])
def test_a_folder_without_a_blueprint_and_one_with_faults_complete_nothing(tmp_path: Path, line: str) -> None:
    (tmp_path / "blueprints").mkdir()
    (tmp_path / "blueprints" / "bad.yaml").write_text("kind: Stack\nmetadata: 7\n---\n- : [\n")
    assert names(tmp_path, line) == set()


def test_what_is_applied_is_completed_too(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    planfile = make_plan(repository).planfile
    folder = StackFolder.of(planfile.project, planfile.stack).ensure()
    write_record(folder, Record(1, planfile, complete=True))
    shutil.rmtree(repository / "blueprints")
    (repository / "blueprints").mkdir()
    found = known_names(repository)
    assert found.stacks == {"digits"}
    assert {"replica/classify/svm/0", "agent/digits", "broker/broker", "node/pi-1"} <= set(found.addresses())
    folder.record.write_text("{")
    assert known_names(repository).stacks == {"digits"}


def test_a_service_of_two_pipelines_is_named_with_its_pipeline() -> None:
    found = KnownNames(workloads={("a", "web", ""), ("b", "web", ""), ("b", "db", "")})
    assert found.addresses() == ["service/a:web", "service/b:web", "service/db"]


def test_nothing_heavy_is_imported(repository: Path) -> None:
    probe = (
        "import json, sys\nfrom rohe_iac.cli.main import run\ncode = run([])\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    environment = {**os.environ, "_ROHE_COMPLETE": "complete_bash", "COMP_WORDS": "rohe\nexplain\n", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=repository, env=environment, capture_output=True, text=True, check=True
    )
    assert "service/classify" in done.stdout
    assert set(json.loads(done.stderr.splitlines()[-1])) & HEAVY == set()


def test_the_kinds_are_those_of_the_language() -> None:
    assert set(DOCUMENT_KINDS) == set(KINDS)
