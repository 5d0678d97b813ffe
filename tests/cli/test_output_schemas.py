"""What commands print with `-o json` is valid by the schema that docs/schemas/output has of it."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from rohe_iac.cli.console import Screen
from rohe_iac.cli.forms import FORMS, form_schema
from rohe_iac.cli.main import run
from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.dead_letter import DeadLetterView
from rohe_iac.cli.views.observing.result import ResultView
from rohe_iac.cli.views.observing.violation import ViolationView
from rohe_iac.cli.views.running.engine import EngineView
from rohe_iac.cli.views.running.status import StatusView
from rohe_iac.deployment.programs.search import FoundProgram, ProgramOrigin
from rohe_iac.observation.judging.explanation import Evidence
from rohe_iac.observation.judging.outcome import Result, Violation
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.usecases.running.status import AgentStatus, PartStatus, StackStatus

ROOT = Path(__file__).parents[2]

COMMANDS = {
    "validate": "diagnostics",
    "plan": "plan",
    "images": "images",
    "render": "rendered",
    "render --out manifests": "rendered",
    "plan --what-if node/pi-1=down": "what-if",
    "show digits.plan": "plan",
    "verify digits.plan": "verification",
    "explain service/classify/svm --all": "explanation",
    "explain R106": "code-page",
    "why-not classify pi-1": "why-not",
    "audit": "loss",
    "export --out out": "export",
    "import out/add_node.yaml": "import",
    "doctor": "doctor",
    "status": "status",
    "destroy --yes": "",
}


def is_valid(value: Any) -> str:
    """Checks a value, or each of a list, by the schema that it names; returns the name of the form."""
    name = ""
    for item in value if isinstance(value, list) else [value]:
        name = item["schema"].split("/")[1]
        schema = json.loads((ROOT / "docs" / "schemas" / "output" / f"{name}.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(closed(schema)).validate(item)
    return name


def closed(schema: Any) -> Any:
    """Returns a schema that allows no field but those that it describes."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    return {**found, "additionalProperties": False} if isinstance(found.get("properties"), dict) else found


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "digits"
    shutil.copytree(ROOT / "examples" / "digits", folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.usefixtures("digits")
def test_the_output_of_every_command_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    run(["plan", "--out", "digits.plan"])
    run(["export", "--out", "out"])
    for line, form in COMMANDS.items():
        capsys.readouterr()
        run([*line.split(), "-o", "json"])
        printed = capsys.readouterr().out
        if form:
            assert is_valid(json.loads(printed)) == form, line


def test_results_violations_and_engines_are_valid(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    evidence = Evidence(start=0.0, end=1.0, value=0.5, count=9, promise="p", window="w", contributions=())
    violation = {
        **msgspec.to_builtins(Violation(id="v-1", contract="c", objective="o", opened=1.0, evidence=evidence)),
        "actions": [],
    }
    unknown = Verdict.UNKNOWN
    result = Result(
        contract="c", objective="o", start=0.0, end=1.0, value=None, count=0, window=unknown, verdict=unknown
    )
    plain = Screen()
    ResultView(plain).lines([{"agent": "a", "row": 1, **msgspec.to_builtins(result)}], Output.json)
    assert is_valid(json.loads(capsys.readouterr().out)) == "result"
    view = ViolationView(plain)
    view.table([violation], Output.json)
    assert is_valid(json.loads(capsys.readouterr().out)) == "violation"
    view.nothing(Output.json)
    assert is_valid(json.loads(capsys.readouterr().out)) == "violation"
    program = FoundProgram(tmp_path, "3.0.0", ProgramOrigin.PATH)
    EngineView(plain).show({"pulumi": program, "kubernetes": program}, Output.json)
    assert is_valid(json.loads(capsys.readouterr().out)) == "engine"
    letter = {"agent": "a", "row": 1, "at": 1.0, "topic": "t", "why": "w", "bytes": 2, "payload": "{}"}
    DeadLetterView(plain).show([letter], Output.json)
    assert is_valid(json.loads(capsys.readouterr().out)) == "dead-letter"
    plain.print_json({"agents": [], "results": []}, "observation")
    assert is_valid(json.loads(capsys.readouterr().out)) == "observation"


def test_the_status_of_a_stack_that_runs_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    part = PartStatus(
        "replica/p:s/0", "s-0", "n", "running", "12", ("http://h:1",), 1, 2.0, "d", "was killed", 3.0, ("memory",)
    )
    objective = {
        "contract": "c", "objective": "o", "verdict": "UNKNOWN",
        "unknown": {"why": "idle", "text": "no report", "since": 1.0, "overdue": False},
    }  # fmt: skip
    agent = AgentStatus("a", {"at": 1.0, "counts": {}, "objectives": [objective], "orders": []})
    StatusView(Screen()).show(StackStatus("p", "s", 1, True, "", (part,), (agent,), ("full",)), Output.json)
    printed = json.loads(capsys.readouterr().out)
    assert is_valid(printed) == "status"
    assert all(printed[key] for key in ("parts", "agents", "contracts", "unknown", "obstacles"))


def test_the_schemas_are_those_of_the_forms() -> None:
    folder = ROOT / "docs" / "schemas" / "output"
    assert {path.stem for path in folder.glob("*.json")} == set(FORMS)
    stale = [
        name
        for name in FORMS
        if json.loads((folder / f"{name}.json").read_text()) != json.loads(json.dumps(form_schema(name)))
    ]
    assert stale == [], "run tools/write_output_schemas.py"


def test_every_form_that_is_printed_is_described_and_every_value_has_one() -> None:
    printed, without = set(), set()
    for path in (ROOT / "rohe_iac" / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2]
            if called in ("print_json", "with_schema") and isinstance(node, ast.Call) and len(node.args) == 2:
                printed |= {node.args[1].value} if isinstance(node.args[1], ast.Constant) else set()
            elif called == "print_json":
                without.add(path.name)
    # A plan file, SARIF and a JSON Schema have forms of their own.
    assert without == {"plan.py", "diagnostics.py", "schema.py"}
    # A plan file names its form by itself.
    assert printed | {"plan"} == set(FORMS)
