"""What decides whether a change may land draws the same examples at each run; a hunt draws those of its seed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRAWN = """
from drawing import generator
from hypothesis import given, strategies as some

@given(some.integers())
def test_values_of_hypothesis(value):
    print("drawn", value)

def test_values_of_the_generator():
    print("drawn", generator("x").random())
"""


def drawn(root: Path, folder: Path, **hunt: str) -> list[str]:
    """Runs two tests that print what they draw; returns the lines."""
    for name in ("conftest.py", "drawing.py", "shared_cluster.py", "waiting.py"):
        (folder / name).write_text((root / "tests" / name).read_text())
    (folder / "test_drawn.py").write_text(DRAWN)
    seed = [f"--hypothesis-seed={hunt['ROHE_HUNT']}"] if hunt else []
    environment = {name: value for name, value in os.environ.items() if name not in ("ROHE_HUNT", "PYTEST_ADDOPTS")}
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *seed, "test_drawn.py"]
    done = subprocess.run(
        command, cwd=folder, env={**environment, **hunt}, capture_output=True, text=True, check=True, timeout=120
    )
    return [line for line in done.stdout.splitlines() if "drawn" in line]


def test_every_run_draws_the_same_and_a_hunt_what_its_seed_says(root: Path, tmp_path: Path) -> None:
    fixed = drawn(root, tmp_path)
    assert len(fixed) > 50
    assert drawn(root, tmp_path) == fixed
    hunted = drawn(root, tmp_path, ROHE_HUNT="7")
    assert drawn(root, tmp_path, ROHE_HUNT="7") == hunted
    assert len({str(lines) for lines in (fixed, hunted, drawn(root, tmp_path, ROHE_HUNT="8"))}) == 3


@pytest.mark.parametrize("way", ["derandomize", "Random", "seed", "database"])
def test_no_test_draws_in_a_way_of_its_own(root: Path, way: str) -> None:
    """A setting of a single test would be in force in a hunt too, or make a run depend on chance."""
    found = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                unseeded = way == "Random" and name in ("Random", "SystemRandom") and not node.args
                settings = name == "settings" and any(keyword.arg == way for keyword in node.keywords)
                if unseeded or settings or (way == "seed" and ast.unparse(node.func) == "random.seed"):
                    found.append(f"{path.relative_to(root)}:{node.lineno}")
    assert found == []
