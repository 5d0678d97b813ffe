"""How the status of a stack looks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.table import Column, print_table
from rohe_iac.cli.views.observing.verdict import shown_verdict
from rohe_iac.cli.views.running.health import health_lines
from rohe_iac.foundation.quantities import counted
from rohe_iac.usecases.running.status import AgentStatus, PartStatus, StackStatus

STYLES = {
    **dict.fromkeys(("running", "done"), "green"),
    **dict.fromkeys(("starting", "pending", "stopping"), "yellow"),
    **dict.fromkeys(("failing", "failed", "missing", "lost"), "bold red"),
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
            self._agent(agent)
        for contract in status.contracts:
            out.print(f"contract {escape(contract.contract)}: {shown_verdict(contract.verdict)}")
            for unknown in status.unknowns:
                if unknown.contract == contract.contract:
                    style = "red" if unknown.overdue else "dim"
                    out.print(f"[{style}]  {escape(unknown.objective)} UNKNOWN: {escape(unknown.text)}[/]")

    def _agent(self, agent: AgentStatus) -> None:
        """Prints what one agent says of itself."""
        out, name = self._screen.out, escape(agent.agent)
        if agent.role:
            name += f", which {agent.role}{escape(_share_words(agent))}"
        if agent.silence:
            out.print(f"[red]{name} does not answer: {escape(agent.silence)}[/red]")
            return
        age = max(0.0, time.time() - float(agent.answer.get("at", 0.0)))
        out.print(f"[dim]{name}: heartbeat {age:.0f} s ago, {_work_words(agent)}[/dim]")
        if agent.trouble:
            out.print(f"[red]  {escape(agent.trouble)}[/red]")
        for source in agent.answer.get("sources", ()):
            if source["up"]:
                kept = f", {source['expired']:,} of them kept while it was away" if source["expired"] else ""
                out.print(f"[dim]  {escape(source['url'])}: {counted(source['received'], 'message')}{kept}[/dim]")
                if source["trouble"]:
                    out.print(f"[yellow]  nothing is judged yet: {escape(source['trouble'])}[/yellow]")
                if parked := source.get("parked"):
                    why = "ended the agent or came back too often: parked at RabbitMQ"
                    out.print(f"[yellow]  {counted(parked, 'message')} {why}[/yellow]")
            else:
                out.print(f"[red]  no reports over AMQP, so nothing is judged: {escape(source['trouble'])}[/red]")
        for sink in agent.answer.get("sinks", ()):
            if words := _sink_words(sink):
                out.print(f"[{'yellow' if sink['failures'] else 'dim'}]  {escape(words)}[/]")
        health = agent.answer.get("health") or {}
        for line in health_lines(health, judges=agent.role != "receives"):
            out.print(f"[dim]  {escape(line)}[/dim]")
        for warning in health.get("warnings", ()):
            out.print(f"[yellow]  {escape(warning['text'])}[/yellow]\n    {escape(warning['next'])}")


def _sink_words(sink: Mapping[str, Any]) -> str:
    """Returns why a sink fails, and how many results it never gets; "" where it gets all."""
    found = [f"fails: {sink['why']}"] if sink["failures"] else []
    if missed := sink.get("missed"):
        found.append(f"never gets {counted(missed, 'result')}, deleted before it took them (`store.maxSize`)")
    return f"sink {sink['name']} {', and '.join(found)}" if found else ""


def _share_words(agent: AgentStatus) -> str:
    """Returns how many instances an agent hears, and how many the plan gives it where that is another number."""
    planned = len(agent.share)
    heard = agent.by_judge.get("hears", agent.answer.get("hears"))
    if heard is None or heard == planned:
        return f" and hears {counted(planned, 'instance')}"
    return f" and hears {counted(int(heard), 'instance')}, {planned} by the plan"


def _work_words(agent: AgentStatus) -> str:
    """Returns what an agent has done: reports that it counts, or messages that it sent on to the one that judges."""
    if agent.role == "receives":
        waiting = int(agent.answer.get("waiting", 0)) + int(agent.answer.get("under_way", 0))
        sent = counted(int(agent.answer.get("forwarded", 0)), "message")
        return f"{sent} sent on" + (f", {waiting:,} waiting" if waiting else "")
    return counted(agent.answer.get("counts", {}).get("reports", 0), "report")


def _remarks(part: PartStatus) -> Iterator[str]:
    """Yields why a part is in its state, and how its last run ended."""
    name = escape(part.address.removeprefix("replica/"))
    if part.detail and part.detail != part.last_end:
        yield f"[red]{name} {part.state}: {escape(part.detail)}[/red]"
    if part.stale:
        yield f"[yellow]{name} is stale: {escape(part.stale)}[/yellow]"
    if part.unheard:
        yield f"[yellow]{name} is not heard: {escape(part.unheard)}[/yellow]"
    if part.silent:
        yield f"[yellow]{name} is silent: {escape(part.silent)}[/yellow]"
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
        "agents": [
            {
                "agent": agent.agent,
                "silence": agent.silence,
                "role": agent.role,
                "share": list(agent.share),
                "trouble": agent.trouble,
                "said": {name: value for name, value in agent.answer.items() if name != "health"},
                "health": agent.answer.get("health"),
            }
            for agent in status.agents
        ],
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
                "silent": part.silent,
                "certificate": {"expires": part.certificate_expires, "daysLeft": _days_left(part)}
                if part.certificate_expires
                else None,
            }
            for part in status.parts
        ],
    }
