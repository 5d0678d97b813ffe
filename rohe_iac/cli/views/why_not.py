"""How the answer to `rohe why-not` looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from rich.markup import escape

from rohe_iac.cli.console import Output, Screen
from rohe_iac.planning.why_not import WhyNot


class WhyNotView:
    """Shows what keeps workloads off a node."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, answers: Iterable[WhyNot], output: Output) -> None:
        """Each workload: how many are there, the rule, what is missing and the proved edits, the smallest first."""
        if output is Output.json:
            self._screen.print_json([asdict(answer) for answer in answers])
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
                if fix.what_if:
                    out.print(f"    try: rohe plan --what-if '{fix.what_if}'", style="dim", markup=False)
            if not answer.fixes:
                out.print("  no edit of one or two fields makes it fit")
