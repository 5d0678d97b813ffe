"""Plans of examples, made once, and screens that keep what is printed on them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.cli.console import Screen
from rohe_iac.cli.word_console import WordConsole
from rohe_iac.usecases.plans.analysis import AnalysedPlan
from rohe_iac.usecases.plans.plan import make_plan

EXAMPLES = Path(__file__).parents[3] / "examples"

Printed = Callable[[], str]
NewScreen = Callable[..., tuple[Screen, Printed]]


@pytest.fixture(scope="session")
def digits() -> AnalysedPlan:
    """The plan of the digits example, of which nothing is applied."""
    return AnalysedPlan(make_plan(EXAMPLES / "digits").planfile)


@pytest.fixture(scope="session")
def cctvs() -> AnalysedPlan:
    """The plan of the surveillance example, whose contracts limit response times."""
    return AnalysedPlan(make_plan(EXAMPLES / "cctvs").planfile)


@pytest.fixture
def new_screen() -> NewScreen:
    """Makes a screen, and a function that returns what was printed on its two consoles."""

    def make(width: int = 140, *, terminal: bool = False) -> tuple[Screen, Printed]:
        stream, screen = io.StringIO(), Screen()
        console = WordConsole(
            file=stream, width=width, force_terminal=terminal, highlight=False, soft_wrap=not terminal
        )
        screen.out = screen.err = console
        return screen, lambda: re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())

    return make
