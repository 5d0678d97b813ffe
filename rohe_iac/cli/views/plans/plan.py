"""How a plan looks: for people as tables by node, for programs as its own JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rohe_iac.cli.console import Face, Screen
from rohe_iac.cli.views.plans.bars import node_bars
from rohe_iac.cli.views.plans.plan_markdown import less_spread, markdown_of, summary
from rohe_iac.cli.views.plans.prediction import shown_prediction
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.foundation.quantities import counted, shown_cpu, shown_share
from rohe_iac.planning.model.plan import SPARE_LIMIT, Placement, Plan, Proof
from rohe_iac.planning.questions.analysis.response_times import predictions_of

MILLION = 1_000_000

FEW = 60
"""Replicas, and changes, that one screen shows one by one; above it a summary stands in their place."""

FEWER = 12
"""Workloads that one screen tells of where they are many."""

LEAST_WHY = 24
"""Columns that the reasons need in a table."""

LONG = 45
"""Characters of a reason that would fill lines."""

SIGNS = {"create": "[green]+[/green]", "update": "[yellow]~[/yellow]", "delete": "[red]-[/red]", "keep": " "}


@dataclass(frozen=True)
class PlanView:
    """Shows plan files on a screen."""

    screen: Screen

    def show(self, planfile: PlanFile, output: Face, *, every: bool = False, saved: Path | None = None) -> None:
        """Prints the plan on stdout; what to do next goes to stderr."""
        if output is Face.json:
            self.screen.print_json({**planfile.content(), "digest": planfile.digest})
            return
        if output is Face.markdown:
            self.screen.print_text("\n".join(markdown_of(planfile, every=every)))
            return
        for warning in planfile.unsupported:
            self.screen.err.print(f"[yellow]note:[/yellow] apply will refuse: {escape(warning)}")
        if services := planfile.stand_in_services:
            text = f"{', '.join(services[:FEW])}: no command, so stand-ins replay the measured profile"
            self.screen.err.print(f"[yellow]note:[/yellow] {escape(text)}")
        self._placements(planfile.plan, every=every)
        node_bars(self.screen, planfile.problem, planfile.plan)
        self._predictions(planfile)
        self._unplaced(planfile)
        self._losses(planfile, every=every)
        self._refusals(planfile.plan, every=every)
        self._actions(planfile, every=every)
        self._next(planfile, saved)

    def _placements(self, plan: Plan, *, every: bool) -> None:
        self.screen.out.print(f"[bold]Plan of stack {plan.stack}[/bold]: {escape(summary(plan))}")
        if plan.proofs:
            self.screen.out.print(f"solver: {'; '.join(_proof(proof) for proof in plan.proofs)}")
        if len(plan.placements) > FEW and not every:
            self._summary(plan)
            return
        by_node = sorted(plan.placements, key=lambda place: (place.node, place.replica))
        rows = [(place.node, *_cells(place)) for place in by_node]
        titles = ("NODE", "REPLICA", "CORES", "DEVICES", "PORTS", "WHY")
        # A column that no replica has anything for would only take the reasons' room.
        shown = [index for index in range(len(titles)) if any(row[index] for row in rows)]
        widths = [max(len(row[index]) for row in [titles, *rows]) for index in shown[:-1]]
        if self.screen.out.is_terminal and sum(widths) + len(shown) + LEAST_WHY > self.screen.out.width:
            self._stacked(rows)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index in shown:
            table.add_column(titles[index], overflow="fold", no_wrap=titles[index] not in ("WHY", "PORTS"))
        last = ("", "")
        for row in rows:
            cells = list(row)
            if self.screen.out.is_terminal and row[0] == last[0]:
                # People see a node named once, and a long reason not said again of the next replica.
                cells[0] = ""
                if row[-1] == last[1] and len(row[-1]) > LONG:
                    cells[-1] = "same"
            table.add_row(*(cells[index] for index in shown))
            last = (row[0], row[-1])
        self.screen.out.print(table)

    def _stacked(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Replicas below their nodes, what they take below them: for screens that no table fits on."""
        out = self.screen.out
        last = ("", "")
        for node, replica, *takes, why in rows:
            if node != last[0]:
                out.print(f"[bold]{escape(node)}[/bold]")
            out.print(f"  {replica}")
            for words in (*takes, "" if (node, why) == last else why):
                if words:
                    out.print(Padding(words, (0, 0, 0, 4)), style="dim")
            last = (node, why)

    def _summary(self, plan: Plan) -> None:
        counts = Counter(place.workload for place in plan.placements)
        nodes = {
            workload: {p.node for p in plan.placements if p.workload == workload} for workload in list(counts)[:FEWER]
        }
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("WORKLOAD", "REPLICAS", "NODES"):
            table.add_column(title)
        for workload, used in nodes.items():
            table.add_row(escape(workload), str(counts[workload]), str(len(used)))
        self.screen.out.print(table)
        if len(counts) > FEWER:
            self.screen.out.print(f"... and {len(counts) - FEWER} more workloads; --all shows every replica")

    def _predictions(self, planfile: PlanFile) -> None:
        found = predictions_of(planfile.problem, planfile.plan)
        if not found:
            return
        self.screen.out.print("\n[bold]Response times that contracts limit, as predicted[/bold]")
        for one in found[:FEW]:
            style = "red" if one.slack < 0 else None
            self.screen.out.print(f"  {shown_prediction(one)}", style=style, markup=False)
        if len(found) > FEW:
            self.screen.out.print(f"  ... and {len(found) - FEW} more with more slack")

    def _unplaced(self, planfile: PlanFile) -> None:
        unplaced = planfile.plan.unplaced
        if not unplaced:
            return
        fit = "1 replica fits" if len(unplaced) == 1 else f"{len(unplaced)} replicas fit"
        self.screen.out.print(f"\n[bold red]{fit} on no node[/bold red]")
        places = dict(planfile.places)
        for item in unplaced[:FEW]:
            closest = item.closest[0] if item.closest else None
            near = f"closest is {closest.node}: {closest.missing} ({closest.rule})" if closest else "there is no node"
            written = f"{places[item.workload]}: " if item.workload in places else ""
            self.screen.out.print(f"  {escape(f'{written}{item.replica}: {near}')}")
        if len(unplaced) > FEW:
            self.screen.out.print(f"  ... and {len(unplaced) - FEW} more")

    def _losses(self, planfile: PlanFile, *, every: bool) -> None:
        survive, losses = planfile.problem.settings.survive, planfile.plan.losses
        out = self.screen.out
        if survive and len(planfile.problem.nodes) > SPARE_LIMIT:
            out.print(
                f"\nsurvive: {survive} spreads replicas; what a failure breaks is not looked for: `rohe audit` does"
            )
        eased = planfile.plan.relaxed
        if planfile.plan.spare:
            out.print(f"\nsurvive: {survive} keeps {planfile.plan.spare} free", markup=False)
        if not losses and not eased:
            return
        out.print(f"\n[bold yellow]survive: {survive} does not hold[/bold yellow]; `rohe audit` tells more")
        for loss in losses if every else losses[:FEW]:
            homeless = f"{counted(len(loss.unplaceable), 'replica')} without a place" if loss.unplaceable else ""
            silent = f"no replica of {', '.join(loss.outages[:3])}" if loss.outages else ""
            out.print(
                f"  the failure of {loss.node} leaves {' and '.join(filter(None, (homeless, silent)))}", markup=False
            )
        if len(losses) > FEW and not every:
            out.print(f"  ... and that of {counted(len(losses) - FEW, 'more node')}")
        for one in eased if every else eased[:FEWER]:
            out.print(f"  {less_spread(one)}", markup=False)
        if len(eased) > FEWER and not every:
            out.print(f"  ... and {counted(len(eased) - FEWER, 'more workload')} so")

    def _refusals(self, plan: Plan, *, every: bool) -> None:
        refused = [item for item in plan.refusals if item.by_rule]
        if not refused:
            return
        self.screen.out.print("\n[bold]Nodes refused, when the last replica of each was decided[/bold]")
        few = FEW if len(plan.placements) <= FEW else FEWER
        for item in refused if every else refused[:few]:
            rules = ", ".join(f"{count} by {rule}" for rule, count in item.by_rule)
            self.screen.out.print(f"  {escape(item.workload)}: {rules}")
            for near in item.closest if every else item.closest[:1]:
                self.screen.out.print(f"    closest {near.node}: {escape(near.missing)}", style="dim")
        if len(refused) > few and not every:
            self.screen.out.print(f"  ... and {counted(len(refused) - few, 'more workload')}; --all tells them")

    def _actions(self, planfile: PlanFile, *, every: bool) -> None:
        against = planfile.against
        known = f"the applied record {against.serial}" if against is not None else "nothing known"
        counts = Counter(action.verb for action in planfile.actions)
        told = ", ".join(f"{counts[verb]} to {verb}" for verb in SIGNS if counts[verb]) or "nothing to do"
        self.screen.out.print(f"\n[bold]Against {known}[/bold]: {told}")
        changes = planfile.changes
        if against is not None or every:
            for action in changes if every else changes[:FEW]:
                line = f"  {SIGNS[action.verb]} {escape(action.manifest)}: {escape(action.because)}"
                self.screen.out.print(line)

    def _next(self, planfile: PlanFile, saved: Path | None) -> None:
        if saved is not None:
            self.screen.err.print(f"saved to {saved}; digest {planfile.digest[:12]}", markup=False)
            if not planfile.plan.unplaced:
                self.screen.err.print(f"next: rohe apply {saved}", markup=False)


def _cells(place: Placement) -> tuple[str, str, str, str, str]:
    name = place.replica.removeprefix("replica/") + (f" ({place.variant})" if place.variant else "")
    cores = " ".join(f"{use.core}:{shown_cpu(use.amount)}" for use in place.cores)
    devices = " ".join(f"{use.device}:{shown_share(use.amount)}" for use in place.devices)
    ports = " ".join(f"{port.name}:{port.number}" for port in place.ports)
    moved = f"moved from {place.was}; " if place.was and place.was != place.node else ""
    return escape(name), cores, devices, ports, escape(moved + place.reason)


def _proof(proof: Proof) -> str:
    """One term of the objective, with the proof or the gap that is left."""
    scale = MILLION if proof.term == "cost" else 1
    reached, limit = (f"{amount / scale:g}" if scale > 1 else str(amount) for amount in (proof.reached, proof.limit))
    if proof.reached == proof.limit:
        return f"{proof.term} {reached}, proven"
    return f"{proof.term} {reached}, {'at most' if proof.term == 'placed' else 'at least'} {limit}"
