"""How the status of a stack looks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, replace

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.table import Column, print_table
from rohe_iac.cli.views.observing.verdict import shown_verdict
from rohe_iac.foundation.quantities import counted
from rohe_iac.usecases.running.status import AgentStatus, PartStatus, StackStatus

STYLES = {
    "running": "green",
    **dict.fromkeys(("starting", "pending", "stopping"), "yellow"),
    **dict.fromkeys(("failing", "missing", "lost"), "bold red"),
}
"""The style of each state of a part; others are red."""

COLUMNS = (
    Column("REPLICA"),
    Column("NODE"),
    Column("STATE"),
    Column("PID", rank=3),
    Column("RESTARTS", rank=3),
    Column("SINCE", rank=2),
    Column("AT", rank=4),
)
"""The columns of the table of replicas."""


POD_COLUMNS = tuple(replace(column, title="POD") if column.title == "PID" else column for column in COLUMNS)
"""The columns where replicas are pods of a cluster."""


class StatusView:
    """Shows the state of a stack."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, status: StackStatus, output: Output) -> None:
        """Prints the state on stdout."""
        if output is Output.json:
            self._screen.print_json(_value(status), "status")
            return
        out = self._screen.out
        if not status.serial and not status.parts:
            out.print(f"Stack {status.stack} is not applied: run `rohe apply {status.stack}`.")
            for sentence in status.obstacles:
                out.print(f"[yellow]{escape(sentence)}[/yellow]")
            return
        head = f"[bold]Stack {status.stack}[/bold], record {status.serial}"
        if not status.serial:
            head = f"[bold]Stack {status.stack}[/bold], not applied from this machine: `rohe apply` takes it over"
        out.print(head + ("" if status.complete or not status.serial else ", not completely applied"))
        if status.interrupted:
            out.print(f"[yellow]the last {status.interrupted} did not end; run it again[/yellow]")
        rows = [
            (
                escape(part.address.removeprefix("replica/")),
                escape(part.node),
                f"[{STYLES.get(part.state, 'red')}]{part.state}[/]",
                part.where,
                str(part.restarts),
                _age(part),
                " ".join(part.urls),
            )
            for part in status.parts
        ]
        pods = any(part.where and not part.where.isdecimal() for part in status.parts)
        print_table(out, POD_COLUMNS if pods else COLUMNS, rows)
        for part in status.parts:
            for line in _remarks(part):
                out.print(line)
        for sentence in status.obstacles:
            out.print(f"[red]{escape(sentence)}[/red]")
        for sentence in status.unlimited:
            out.print(f"[yellow]{escape(sentence)}[/yellow]")
        for agent in status.agents:
            out.print(_agent(agent))
        for contract in status.contracts:
            out.print(f"contract {escape(contract.contract)}: {shown_verdict(contract.verdict)}")
            for unknown in status.unknowns:
                if unknown.contract == contract.contract:
                    style = "red" if unknown.overdue else "dim"
                    out.print(f"[{style}]  {escape(unknown.objective)} UNKNOWN: {escape(unknown.text)}[/]")


def _agent(agent: AgentStatus) -> str:
    """Returns a line about one agent."""
    if agent.silence:
        return f"[red]{escape(agent.agent)} does not answer: {escape(agent.silence)}[/red]"
    age = max(0.0, time.time() - float(agent.answer.get("at", 0.0)))
    reports = counted(agent.answer.get("counts", {}).get("reports", 0), "report")
    return f"[dim]{escape(agent.agent)}: heartbeat {age:.0f} s ago, {reports}[/dim]"


def _remarks(part: PartStatus) -> Iterator[str]:
    """Yields why a part is in its state, and how its last run ended."""
    name = escape(part.address.removeprefix("replica/"))
    if part.detail and part.detail != part.last_end:
        yield f"[red]{name} {part.state}: {escape(part.detail)}[/red]"
    if part.stale:
        yield f"[yellow]{name} is stale: {escape(part.stale)}[/yellow]"
    if part.unheard:
        yield f"[yellow]{name} is not heard: {escape(part.unheard)}[/yellow]"
    if part.certificate_expires:
        day = time.strftime("%Y-%m-%d", time.gmtime(part.certificate_expires))
        days = _days_left(part)
        when = f"expires in {counted(days, 'day')}, on {day}" if days >= 0 else f"expired on {day}"
        yield f"[{'dim' if days >= 0 else 'red'}]{name}: its certificate {when}[/]"
    if part.last_end:
        at = f" at {time.strftime('%H:%M:%S %Z', time.localtime(part.ended))}" if part.ended else ""
        yield f"[yellow]{name}: the last run {escape(part.last_end)}{at}[/yellow]"


def _days_left(part: PartStatus) -> int:
    """Returns the whole days until the certificate of a part expires, below 0 after that."""
    return math.floor((part.certificate_expires - time.time()) / 86400)


def _age(part: PartStatus) -> str:
    """Returns for how long a part has been running, in its largest unit; nothing where it is not running."""
    if not part.began or part.state not in ("running", "starting", "suspended", "not listening"):
        return ""
    seconds = max(0, int(time.time() - part.began))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _value(status: StackStatus) -> dict[str, object]:
    return {
        "project": status.project,
        "stack": status.stack,
        "serial": status.serial,
        "complete": status.complete,
        "interrupted": status.interrupted,
        "well": status.well,
        "obstacles": list(status.obstacles),
        "contracts": [{"contract": item.contract, "verdict": item.verdict} for item in status.contracts],
        "unknown": [asdict(item) for item in status.unknowns],
        "agents": [{"agent": agent.agent, "silence": agent.silence, "said": agent.answer} for agent in status.agents],
        "parts": [
            {
                "address": part.address,
                "instance": part.instance,
                "node": part.node,
                "state": part.state,
                "pid": int(part.where) if part.where.isdecimal() else None,
                "pod": "" if part.where.isdecimal() else part.where,
                "urls": list(part.urls),
                "restarts": part.restarts,
                "began": part.began,
                "detail": part.detail,
                "lastEnd": part.last_end,
                "ended": part.ended,
                "unlimited": list(part.unlimited),
                "serial": part.serial,
                "stale": part.stale,
                "unheard": part.unheard,
                "certificate": {"expires": part.certificate_expires, "daysLeft": _days_left(part)}
                if part.certificate_expires
                else None,
            }
            for part in status.parts
        ],
    }
