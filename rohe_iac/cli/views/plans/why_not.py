"""How the answer to `rohe why-not` looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rich.markup import escape

from rohe_iac.cli.console import Face, Screen
from rohe_iac.cli.views.markdown import table
from rohe_iac.planning.questions.why_not.why_not import WhyNot


class WhyNotView:
    """Shows what keeps workloads off a node."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, answers: Iterable[WhyNot], output: Face) -> None:
        """Each workload: how many are there, the rule, what is missing and the proved edits, the smallest first."""
        if output is Face.json:
            self._screen.print_json([asdict(answer) for answer in answers])
            return
        if output is Face.markdown:
            self._screen.print_text("\n".join(line for answer in answers for line in _page(answer)))
            return
        out = self._screen.out
        for answer in answers:
            there = f", {answer.there} there already" if answer.there else ""
            out.print(f"[bold]{escape(answer.workload)}[/bold] on {answer.node}{there}")
            if not answer.rule:
                out.print("  one more replica fits; the plan has it elsewhere because that scored higher")
                continue
            out.print(f"  refused by {answer.rule}: {escape(answer.missing)}")
            for fix in answer.fixes:
                edits = escape(" and ".join(fix.edits))
                out.print(f"  would fit with {edits} (a change of {fix.change / 10_000:.1f} %)")
                out.print(f"    try: rohe plan --what-if '{fix.what_if}'", style="dim", markup=False)
            if not answer.fixes:
                out.print("  no edit of one or two fields makes it fit")


def _page(answer: WhyNot) -> Iterator[str]:
    there = f", {answer.there} there already" if answer.there else ""
    yield f"# {answer.workload} on {answer.node}{there}"
    yield ""
    if not answer.rule:
        yield "One more replica fits; the plan has it elsewhere because that scored higher."
    else:
        yield f"Refused by {answer.rule}: {answer.missing}."
        yield ""
        rows = ((" and ".join(fix.edits), f"{fix.change / 10_000:.1f} %", f"`{fix.what_if}`") for fix in answer.fixes)
        yield from table(("would fit with", "a change of", "--what-if"), rows)
        if not answer.fixes:
            yield "No edit of one or two fields makes it fit."
