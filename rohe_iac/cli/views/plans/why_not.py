"""How the answer to `rohe why-not` looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.markdown import table
from rohe_iac.planning.questions.why_not.why_not import Fix, WhyNot

PERCENT = 10_000
"""Millionths of a field that make one percent of it."""

RAISED, LOWERED = " up to ", " down to "
"""What stands between the field and the new value of an edit that raises or lowers it."""


class WhyNotView:
    """Shows what keeps workloads off a node."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, answers: Iterable[WhyNot], output: PageOutput) -> None:
        """Prints, for each workload, the refusing rule, what is missing, and the proved edits, the smallest first."""
        if output is PageOutput.json:
            self._screen.print_json([asdict(answer) for answer in answers], "why-not")
            return
        if output is PageOutput.markdown:
            self._screen.print_text("\n".join(line for answer in answers for line in _page(answer)))
            return
        out = self._screen.out
        for answer in answers:
            out.print(f"[bold]{escape(answer.workload)}[/bold] on {answer.node}{_there(answer)}")
            if not answer.rule:
                out.print("  one more replica fits; the plan has it elsewhere because that scored higher")
                continue
            missing = answer.missing.removeprefix(f"{answer.rule}: ")
            self._screen.print_indented(f"refused by {answer.rule}: {escape(missing)}")
            for fix in answer.fixes:
                self._screen.print_indented(f"would fit with {escape(edits(fix))} ({change(fix)})")
                # A terminal wraps the command by itself, so that it can be copied whole.
                out.print(f"    try: rohe plan --what-if '{fix.what_if}'", style="dim", markup=False, soft_wrap=True)
            if not answer.fixes:
                out.print("  no edit of one or two fields makes it fit")


def edits(fix: Fix) -> str:
    """Returns the edits of a suggestion as one phrase, such as `node/pi-1.cpu raised to 4150m`."""
    return " and ".join(edit.replace(RAISED, " raised to ").replace(LOWERED, " lowered to ") for edit in fix.edits)


def change(fix: Fix) -> str:
    """Returns by how much a suggestion changes its fields: `+3.8 %`, or the sum of the changes of two."""
    percent = f"{fix.change / PERCENT:.1f} %"
    if len(fix.edits) > 1:
        return f"changes of {percent} in all"
    sign = "+" if RAISED in fix.edits[0] else "-" if LOWERED in fix.edits[0] else "a change of "
    return sign + percent


def _there(answer: WhyNot) -> str:
    return f", {answer.there} there already" if answer.there else ""


def _page(answer: WhyNot) -> Iterator[str]:
    """Yields the lines of an answer as a page."""
    yield f"# {answer.workload} on {answer.node}{_there(answer)}"
    yield ""
    if not answer.rule:
        yield "One more replica fits; the plan has it elsewhere because that scored higher."
        return
    yield f"Refused by {answer.rule}: {answer.missing}."
    yield ""
    rows = ((edits(fix), change(fix), f"`{fix.what_if}`") for fix in answer.fixes)
    yield from table(("would fit with", "change", "--what-if"), rows)
    if not answer.fixes:
        yield "No edit of one or two fields makes it fit."
