"""Every code has a page; its wrong example is reported with that code alone, and its right one is valid."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from rohe_iac.blueprint.findings.codes import CODES

ROOT = Path(__file__).parents[4]
_specification = importlib.util.spec_from_file_location(
    "write_diagnostic_pages", ROOT / "tools/write_diagnostic_pages.py"
)
assert _specification is not None
assert _specification.loader is not None
pages = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(pages)


@pytest.mark.parametrize("code", CODES)
def test_the_page_of_a_code_says_what_validate_says(code: str) -> None:
    page = (pages.PAGES / f"{code}.md").read_text()
    assert page == pages.rendered(code, page), "run python tools/write_diagnostic_pages.py"


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_example_has_this_fault_alone_and_the_right_one_none(code: str) -> None:
    wrong, right = pages.sections((pages.PAGES / f"{code}.md").read_text())
    codes = {item.code for item in pages.diagnostics_of(wrong)}
    # Only many others can show that there are more, and only a cluster, to which apply cannot yet, has these faults.
    beside = {"R133": {"R207"}, "R241": {"R401"}, "R305": {"R401"}}.get(code, set())
    assert codes - beside == {code}
    assert {item.code for item in pages.diagnostics_of(right)} <= beside - {"R207"}


def test_the_index_lists_every_code() -> None:
    assert (pages.PAGES / "README.md").read_text() == pages.index()
    assert {path.stem for path in pages.PAGES.glob("R*.md")} == {*CODES, "README"}
