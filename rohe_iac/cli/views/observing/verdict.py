"""How verdicts look: each objective, its value and whether it is kept."""

from __future__ import annotations

import time
from itertools import groupby
from typing import Any

from rich.markup import escape
from rich.table import Table

from rohe_iac.cli.console import Screen

STYLES = {"KEPT": "green", "BROKEN": "bold red", "UNKNOWN": "yellow"}


def shown_verdict(verdict: str) -> str:
    """The verdict with its colour."""
    return f"[{STYLES.get(verdict, 'white')}]{verdict}[/]"


def shown_value(value: float | None) -> str:
    """A number with four digits, `-` where there is none."""
    return "-" if value is None else f"{value:.4g}"


def shown_time(moment: float) -> str:
    """Local time of day, with the day where it is not today; `-` for none."""
    if not moment:
        return "-"
    today = time.localtime()[:3] == time.localtime(moment)[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", time.localtime(moment))


class VerdictView:
    """Shows what agents say of their contracts."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, agents: list[dict[str, Any]]) -> None:
        """A table of objectives, then orders in force and what the agents counted."""
        out = self._screen.out
        for contract, items in groupby(
            (item for agent in agents for item in agent["objectives"]), key=lambda item: str(item["contract"])
        ):
            out.print(f"[bold]Contract {escape(contract)}[/bold]")
            self._objectives(list(items))
        for agent in agents:
            self._orders(agent["orders"])
            counts = agent["counts"]
            told = ", ".join(
                f"{counts.get(name, 0)} {name}" for name in ("reports", "duplicates", "late", "undecodable")
            )
            joined = f"{counts.get('unjoined', 0)} requests unjoined"
            out.print(f"{agent['agent']}: {told}; {joined}; final up to {shown_time(counts['watermark'])}", style="dim")
            if not agent["connection"]["up"]:
                out.print(f"[red]{agent['agent']}: {escape(agent['connection']['trouble'])}[/red]")

    def _objectives(self, items: list[dict[str, Any]]) -> None:
        rows = [
            (
                escape(item["objective"]),
                escape(item["promise"]),
                escape(item["scope"]) if item["scope"] != "pipeline" else "",
                item["window"],
                shown_value(item["value"]),
                str(item["count"]),
                shown_verdict(item["verdict"]),
                shown_time(item["since"]),
                item["violation"],
            )
            for item in items
        ]
        titles = ("OBJECTIVE", "PROMISE", "SCOPE", "WINDOW", "VALUE", "OF", "VERDICT", "SINCE", "VIOLATION")
        # A column that no objective has anything for would only take the others' room.
        shown = [index for index in range(len(titles)) if any(row[index] for row in rows)]
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index in shown:
            table.add_column(titles[index], overflow="fold", no_wrap=titles[index] not in ("PROMISE", "WINDOW"))
        for row in rows:
            table.add_row(*(row[index] for index in shown))
        self._screen.out.print(table)

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
