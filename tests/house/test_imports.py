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

IN_THE_AGENTS_IMAGE = (
    "rohe_iac.agent",
    "rohe_iac.observation",
    "rohe_iac.sinks",
    "rohe_iac.transports",
    "rohe_iac.mqtt",
)
"""Packages of what runs in the image of agents and broker."""
INSTALLED = """
import importlib, importlib.abc, importlib.metadata, pkgutil, sys
pinned, packages = set(sys.argv[1].split(",")), sys.argv[2].split(",")
names = importlib.metadata.packages_distributions()
there = {name for name, found in names.items() if any(each.lower().replace("_", "-") in pinned for each in found)}

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.partition(".")[0]
        if top in names and top not in there and top != "rohe_iac":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
for package in packages:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{package}."):
        importlib.import_module(found.name)
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


def test_what_runs_in_the_agents_image_needs_what_is_installed_there(root: Path) -> None:
    pinned = re.findall(
        r"^([A-Za-z0-9._-]+)==", (root / "constraints-agent.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert "paho-mqtt" in pinned
    words = (",".join(pinned), ",".join((*IN_THE_AGENTS_IMAGE, "rohe_iac.targets.broker.run", "rohe_iac.cli.main")))
    done = subprocess.run([sys.executable, "-c", INSTALLED, *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
