"""How verdicts look: each objective, its value and its verdict."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.table import Column, print_table
from rohe_iac.foundation.quantities import counted, shown_measurement

STYLES = {"KEPT": "green", "BROKEN": "bold red", "UNKNOWN": "yellow"}
"""The style of each verdict."""

COLUMNS = (
    Column("OBJECTIVE"),
    Column("PROMISE", prose=True),
    Column("SCOPE", rank=2),
    Column("WINDOW", prose=True, rank=4),
    Column("VALUE"),
    Column("OF", right=True, rank=2),
    Column("VERDICT"),
    Column("SINCE", rank=3),
    Column("VIOLATION", rank=2),
)
"""The columns of the table of objectives."""


def shown_verdict(verdict: str) -> str:
    """Returns the verdict with its colour."""
    return f"[{STYLES.get(verdict, 'white')}]{verdict}[/]"


def shown_time(moment: float) -> str:
    """Returns the local date, time and zone of seconds since the epoch: `2026-03-01 12:34:56 CET`; `-` for 0."""
    if not moment:
        return "-"
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(moment))


def shown_error(item: Mapping[str, Any]) -> str:
    """Returns the error of a value as people read it: ` ± 1 %`, and whether a threshold is within; "" without one."""
    if not (error := item.get("error")):
        return ""
    return f" ± {100 * error:g} %" + (" (the threshold is within the error)" if item.get("close") else "")


def error_note(items: Iterable[Mapping[str, Any]]) -> str:
    """Returns what the errors of values mean; "" where all of them are exact."""
    if not (error := max((item.get("error") or 0.0 for item in items), default=0.0)):
        return ""
    return (
        f"± {100 * error:g} %: the percentile is estimated (DDSketch), because its window has very many values; the"
        " exact one is within that error, and may be on the other side of a threshold that is within it"
    )


class VerdictView:
    """Shows what agents judge of their contracts."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, agents: list[dict[str, Any]]) -> None:
        """Prints a table of objectives for each contract, then the orders in force and the counts of the agents."""
        out = self._screen.out
        for contract, items in groupby(
            (item for agent in agents for item in agent["objectives"]), key=lambda item: str(item["contract"])
        ):
            out.print(f"[bold]Contract {escape(contract)}[/bold]")
            self._objectives(list(items))
        for agent in agents:
            self._orders(agent["orders"])
            out.print(_counts(agent), style="dim")
            if not agent["connection"]["up"]:
                out.print(f"[red]{agent['agent']}: {escape(agent['connection']['trouble'])}[/red]")
            if agent.get("trouble"):
                out.print(f"[red]{agent['agent']}: {escape(agent['trouble'])}[/red]")

    def _objectives(self, items: list[dict[str, Any]]) -> None:
        rows = [
            (
                escape(item["objective"]),
                escape(item["promise"]),
                escape(item["scope"]) if item["scope"] != "pipeline" else "",
                item["window"],
                escape(shown_measurement(item["value"], item.get("unit", "")) + shown_error(item)),
                str(item["count"]),
                shown_verdict(item["verdict"]),
                shown_time(item["since"]),
                item["violation"],
            )
            for item in items
        ]
        print_table(self._screen.out, COLUMNS, rows)
        if note := error_note(items):
            self._screen.out.print(note, style="dim")
        for item in items:
            if unknown := item.get("unknown"):
                style = "yellow" if unknown["overdue"] else "dim"
                text = f"{item['objective']} UNKNOWN: {unknown['text']}"
                self._screen.out.print(f"[{style}]{escape(text)}[/]")

    def _orders(self, orders: list[dict[str, Any]]) -> None:
        for order in orders:
            if order["action"] == "restore":
                continue
            members = ", ".join(order["members"])
            accepted = sum(answer["accepted"] for answer in order["answers"].values())
            refused = [
                f"{name}: {answer['why']}" for name, answer in order["answers"].items() if not answer["accepted"]
            ]
            text = f"{order['action']} {order['service']}: {members} go on ({order['reason']}); {accepted} accepted"
            text += f", refused by {'; '.join(refused)}" if refused else ""
            text += f", no answer from {', '.join(order['unanswered'])}" if order["unanswered"] else ""
            self._screen.out.print(f"[yellow]in force:[/yellow] {escape(text)}")


def _counts(agent: dict[str, Any]) -> str:
    """Returns how many reports an agent has received and judged."""
    counts = agent["counts"]
    others = ["late", "undecodable", *(name for name in ("misattributed", "missing") if counts.get(name))]
    received = ", ".join(
        (
            *(counted(counts.get(f"{noun}s", 0), noun) for noun in ("report", "duplicate")),
            *(f"{counts.get(name, 0):,} {name}" for name in others),
        )
    )
    incomplete = counted(counts.get("unjoined", 0), "incomplete request")
    return f"{agent['agent']}: {received}; {incomplete}; judged up to {shown_time(counts['watermark'])}"
