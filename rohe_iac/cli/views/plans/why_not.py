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
        """Prints, for each workload, the refusing rule, what is missing, and the edits that planning again proved."""
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
                self._screen.print_indented(escape(_fitting(answer)))
                continue
            self._screen.print_indented(f"refused by {escape(answer.missing)}")
            for fix in answer.fixes:
                self._screen.print_indented(f"{_would_fit(fix)} {escape(edits(fix))} ({change(fix)}{_proven(fix)})")
                # A terminal wraps the command by itself, so that it can be copied whole.
                out.print(f"    try: rohe plan --what-if '{fix.what_if}'", style="dim", markup=False, soft_wrap=True)
            if not answer.fixes:
                self._screen.print_indented(f"no edit of one or two fields makes it fit: {escape(answer.no_fix)}")


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


def _would_fit(fix: Fix) -> str:
    return "would fit only by leaving less than a tenth:" if fix.drastic else "would fit with"


def _proven(fix: Fix) -> str:
    """Returns whether a smaller edit of the same field would do."""
    return ", the smallest that works" if fix.smallest else "; a smaller edit may work too"


def _fitting(answer: WhyNot) -> str:
    """Returns where the replica is that fits on the node as well."""
    return f"one more replica fits; {answer.elsewhere or 'all replicas of the service are there already'}"


def _there(answer: WhyNot) -> str:
    return f", {answer.there} there already" if answer.there else ""


def _page(answer: WhyNot) -> Iterator[str]:
    """Yields the lines of an answer as a page."""
    yield f"# {answer.workload} on {answer.node}{_there(answer)}"
    yield ""
    if not answer.rule:
        yield f"{_fitting(answer)[:1].upper()}{_fitting(answer)[1:]}."
        return
    yield f"Refused by {answer.missing}."
    yield ""
    rows = ((edits(fix), change(fix) + _proven(fix), f"`{fix.what_if}`") for fix in answer.fixes)
    only = ", leaving less than a tenth" if any(fix.drastic for fix in answer.fixes) else ""
    yield from table((f"would fit with{only}", "change", "--what-if"), rows)
    if not answer.fixes:
        yield f"No edit of one or two fields makes it fit: {answer.no_fix}."
