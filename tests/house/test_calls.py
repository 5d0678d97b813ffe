"""Tests call what exists, with the arguments that it takes: also those that need a broker or a cluster to run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mypy import api

SETTINGS = """
[mypy]
explicit_package_bases = True
namespace_packages = True
ignore_missing_imports = True
check_untyped_defs = True
plugins = pydantic.mypy
"""
WRONG_CALL = re.compile(r'error: (.*\[(call-arg|name-defined)\]|Module ".*" has no attribute ".*")')


def faults_of(root: Path, folder: Path, tests: list[Path]) -> list[str]:
    """Returns the calls with other arguments, and the imports of what is not there, in the tests of a checkout.

    Args:
        root: The checkout.
        folder: An empty folder.
        tests: The tests.
    """
    # Tests import the modules that they share by their names alone.
    shared = folder / "shared"
    shared.mkdir()
    for path in (root / "tests").rglob("*.py"):
        if not path.name.startswith(("test_", "bench_", "conftest", "__init__")):
            (shared / path.name).symlink_to(path)
    (folder / "mypy.ini").write_text(f"{SETTINGS}mypy_path = {root}:{shared}\n", encoding="utf-8")
    options = ("--config-file", str(folder / "mypy.ini"), "--cache-dir", str(folder / "cache"), "--no-error-summary")
    output, trouble, _ = api.run([*options, "--python-executable", sys.executable, *map(str, tests)])
    assert not trouble, trouble
    return [line for line in output.splitlines() if WRONG_CALL.search(line)]


def test_tests_call_what_exists(root: Path, tmp_path: Path) -> None:
    assert faults_of(root, tmp_path, sorted((root / "tests").rglob("test_*.py"))) == []


def test_a_call_without_an_argument_is_found(root: Path, tmp_path: Path) -> None:
    test = tmp_path / "test_wrong.py"
    test.write_text(
        "from ground_truth import GroundTruth\n\ndef test(truth: GroundTruth) -> None:\n"
        "    truth.compare_windows([])\n",
        encoding="utf-8",
    )
    (tmp_path / "empty").mkdir()
    assert "Missing named argument" in faults_of(root, tmp_path / "empty", [test])[0]
