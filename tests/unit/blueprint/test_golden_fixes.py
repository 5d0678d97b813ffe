"""Every hint of the golden faults that names its edit: after the edit that fault is gone, and no other is there."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check
from rohe_iac.foundation.diagnostics import Diagnostic
from tests.text_edits import apply_edit

GOLDEN = Path(__file__).parents[2] / "golden" / "blueprint"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml") if path.stem != "rohe")

COMPUTED = "expressions"
"""The case whose values come from expressions, which no edit may replace."""


def _counted(diagnostics: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    """Returns how often each fault is there; an edit may move the lines that messages name."""
    return Counter((item.code, re.sub(r"\bline \d+", "line", item.message)) for item in diagnostics)


@pytest.mark.parametrize("case", CASES)
def test_the_edit_of_each_hint_takes_its_fault_away_and_brings_none(case: str, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "blueprint", ignore=shutil.ignore_patterns("*.expected"))
    file = tmp_path / "blueprint" / f"{case}.yaml"
    text = file.read_bytes().decode()
    before = check([file]).diagnostics
    for item in before:
        if item.fix is None:
            continue
        file.write_bytes(apply_edit(text, item.fix).encode())
        after = _counted(check([file]).diagnostics)
        if item.code == "R001":
            # What a document says is known only once it can be read.
            assert after[item.code, item.message] < _counted(before)[item.code, item.message], (
                f"{item.place} {item.hint}"
            )
            continue
        rest = _counted(other for other in before if other is not item)
        assert after <= rest, f"{item.place} {item.code} {item.hint}: after {item.fix} there is {after - rest}"


def test_many_hints_name_their_edit() -> None:
    found = [item for case in CASES if case != COMPUTED for item in check([GOLDEN / f"{case}.yaml"]).diagnostics]
    assert sum(item.fix is not None for item in found) > 150
    # Of two units, or for a place elsewhere in the document, only a person can choose.
    instructions = re.compile(r".* or |.*' under '|.*\bname: camera\b|write it as a (list|mapping)\b")
    named = [
        item for item in found if re.match(r"did you mean |write it as |here it is \w+$|leave it out\b", item.hint)
    ]
    textual = [item for item in named if item.code.startswith("R0")]
    assert not [item.hint for item in named if not (item.fix or item in textual or instructions.match(item.hint))]


def test_no_hint_writes_what_an_expression_came_to_in_its_place() -> None:
    found = check([GOLDEN / f"{COMPUTED}.yaml"]).diagnostics
    assert len(found) > 20
    assert not [item for item in found if item.fix is not None or '""' in item.hint]
