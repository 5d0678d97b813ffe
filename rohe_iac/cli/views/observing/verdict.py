"""How verdicts look: each objective, its value and its verdict."""

from __future__ import annotations

import time
from itertools import groupby
from typing import Any

from rich.markup import escape
from rich.table import Table

from rohe_iac.cli.console import Screen
from rohe_iac.foundation.quantities import counted

STYLES = {"KEPT": "green", "BROKEN": "bold red", "UNKNOWN": "yellow"}
"""The style of each verdict."""


def shown_verdict(verdict: str) -> str:
    """Returns the verdict with its colour."""
    return f"[{STYLES.get(verdict, 'white')}]{verdict}[/]"


def shown_value(value: float | None) -> str:
    """Returns a number with four digits, `-` where there is none."""
    return "-" if value is None else f"{value:.4g}"


def shown_time(moment: float) -> str:
    """Returns the local time of seconds since the epoch, with the day where it is not today; `-` for 0."""
    if not moment:
        return "-"
    today = time.localtime()[:3] == time.localtime(moment)[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", time.localtime(moment))


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
                shown_value(item["value"]),
                str(item["count"]),
                shown_verdict(item["verdict"]),
                shown_time(item["since"]),
                item["violation"],
            )
            for item in items
        ]
        titles = ("OBJECTIVE", "PROMISE", "SCOPE", "WINDOW", "VALUE", "OF", "VERDICT", "SINCE", "VIOLATION")
        # A column that no objective has anything for would only take room from the others.
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


def _counts(agent: dict[str, Any]) -> str:
    """Returns how many reports an agent has received and judged."""
    counts = agent["counts"]
    received = ", ".join(f"{counts.get(name, 0)} {name}" for name in ("reports", "duplicates", "late", "undecodable"))
    incomplete = counted(counts.get("unjoined", 0), "incomplete request")
    return f"{agent['agent']}: {received}; {incomplete}; judged up to {shown_time(counts['watermark'])}"
