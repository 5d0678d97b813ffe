"""Imports: down the floors only, and nothing heavy before it is used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

NEVER_FOR_PLANNING = ("pulumi", "pymongo", "paho", "grpc", "sklearn", "supervisor", "psutil")
PROBE = """
import json, sys
from rohe_iac.cli.main import run
code = run(sys.argv[1:])
print("\\n" + json.dumps({"code": int(code), "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def probed(root: Path, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a command line, and the top-level modules that it imported, in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=120
    )
    value = json.loads(done.stdout.splitlines()[-1])
    return value["code"], set(value["modules"])


def test_imports_run_down_the_floors() -> None:
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS


def test_deployment_names_no_target(root: Path) -> None:
    """What deployment asks of a target is in its ports; a name in its code or words would be a case for one target."""
    name = re.compile(r"\b(local|kubernetes)\b", re.IGNORECASE)
    found = {
        str(path.relative_to(root)): name.findall(path.read_text(encoding="utf-8"))
        for path in (root / "rohe_iac" / "deployment").rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("arguments", [("--help",), ("plan", "--help"), ("apply", "--help")], ids=" ".join)
def test_help_imports_nothing_heavy(root: Path, arguments: tuple[str, ...]) -> None:
    code, modules = probed(root, *arguments)
    assert code == 0
    assert modules & {*NEVER_FOR_PLANNING, "jinja2", "numpy", "yaml", "msgspec"} == set()


def test_validation_imports_no_engine_no_store_and_no_broker_library(root: Path) -> None:
    code, modules = probed(root, "-C", "examples/digits", "validate")
    assert code == 0
    assert modules & set(NEVER_FOR_PLANNING) == set()


def test_planning_imports_no_engine_no_store_and_no_broker_library(root: Path, tmp_path: Path) -> None:
    code, modules = probed(root, "-C", "examples/digits", "plan", "--out", str(tmp_path / "digits.plan"))
    assert code == 0
    assert modules & set(NEVER_FOR_PLANNING) == set()
