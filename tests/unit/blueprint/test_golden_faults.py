"""Faulty documents, and every line that `rohe validate` says of them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from rohe_iac.blueprint.loading import check
from rohe_iac.cli.views.authoring.diagnostics import show_diagnostics

GOLDEN = Path(__file__).parents[2] / "golden" / "blueprint"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml") if path.stem != "rohe")


@pytest.mark.parametrize("case", CASES)
def test_a_faulty_file_is_told_line_by_line(case: str) -> None:
    stream = io.StringIO()
    found = check([GOLDEN / f"{case}.yaml"]).diagnostics
    show_diagnostics(Console(file=stream, width=400, no_color=True, highlight=False), found)
    said = "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
    expected = GOLDEN / f"{case}.expected"
    if os.environ.get("ROHE_GOLDEN") == "write":
        expected.write_text(said)
    assert said == expected.read_text(), "look at the difference; ROHE_GOLDEN=write takes it over"
