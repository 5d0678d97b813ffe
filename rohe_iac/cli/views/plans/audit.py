"""How the answer to `rohe audit` looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.markdown import table
from rohe_iac.foundation.quantities import counted
from rohe_iac.usecases.plans.audit import PossibleLoss

FEW = 5
"""Addresses that one screen names of one loss; the others are counted."""

MOST = 20
"""Losses that one screen shows one by one."""


class AuditView:
    """Shows what the loss of each node and zone would break."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, losses: Sequence[PossibleLoss], output: PageOutput) -> None:
        """Prints what breaks, loss by loss, then how many losses are harmless."""
        if output is PageOutput.json:
            self._screen.print_json([_value(loss) for loss in losses], "loss")
            return
        if output is PageOutput.markdown:
            self._screen.print_text("\n".join(_page(losses)))
            return
        out = self._screen.out
        harmful = _harmful(losses)
        for loss in harmful[:MOST]:
            out.print(f"[bold red]{escape(loss.subject)}[/bold red]: {counted(loss.replicas, 'replica')} lost")
            for words, addresses in (
                ("fits nowhere else", loss.unplaceable),
                ("has no replica left", loss.outages),
            ):
                for address in addresses[:FEW]:
                    out.print(f"  {escape(address)} {words}")
                if len(addresses) > FEW:
                    out.print(f"  ... and {len(addresses) - FEW} more")
        if len(harmful) > MOST:
            more = len(harmful) - MOST
            out.print(f"... and {more:,} more {'loss' if more == 1 else 'losses'} that break less; -o json has all")
        out.print(_verdict(losses))


def _value(loss: PossibleLoss) -> dict[str, object]:
    """Returns a loss as JSON values."""
    return {
        "what": loss.subject,
        "lost": loss.replicas,
        "homeless": loss.unplaceable,
        "silent": loss.outages,
        "survived": loss.harmless,
    }


def _verdict(losses: Sequence[PossibleLoss]) -> str:
    """Returns how many losses are harmless and how many are not."""
    if not losses:
        return "No node has a replica: there is no loss to look at"
    harmless = sum(loss.harmless for loss in losses)
    harmful = len(losses) - harmless
    if len(losses) == 1:
        return f"The only possible loss, {losses[0].subject}, {'is harmless' if harmless else 'breaks something'}"
    possible = f"{len(losses):,} possible losses (nodes, zones)"
    if not harmful:
        return f"None of {possible} breaks anything"
    if not harmless:
        return f"Each of {possible} breaks something"
    verbs = "is" if harmless == 1 else "are", "breaks" if harmful == 1 else "break"
    return f"Of {possible}, {harmless:,} {verbs[0]} harmless and {harmful:,} {verbs[1]} something"


def _page(losses: Sequence[PossibleLoss]) -> Iterator[str]:
    """Yields the lines of the answer as a page."""
    yield "# What the loss of each node and zone breaks"
    yield ""
    yield f"{_verdict(losses)}."
    yield ""
    rows = (
        (loss.subject, loss.replicas, ", ".join(loss.unplaceable), ", ".join(loss.outages)) for loss in _harmful(losses)
    )
    yield from table(("lost", "replicas there", "fit nowhere else", "have no replica left"), rows)


def _harmful(losses: Sequence[PossibleLoss]) -> list[PossibleLoss]:
    """Returns the losses that break something: first those with most outages, then with most unplaceable replicas."""
    harmful = [loss for loss in losses if not loss.harmless]
    return sorted(harmful, key=lambda loss: (-len(loss.outages), -len(loss.unplaceable), loss.subject))
