"""How a plan looks: for people as tables by node, for programs as its own JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.table import Column, fits_beside, print_table
from rohe_iac.cli.views.plans.agents.shares import COLUMNS as SHARE_COLUMNS
from rohe_iac.cli.views.plans.agents.shares import SHARES, share_rows, shares_on_one_node
from rohe_iac.cli.views.plans.bars import node_bars
from rohe_iac.cli.views.plans.changes import print_changes
from rohe_iac.cli.views.plans.gain import shown_gain
from rohe_iac.cli.views.plans.plan_markdown import markdown_of
from rohe_iac.cli.views.plans.prediction import shown_prediction, slowdowns_by_replica
from rohe_iac.cli.views.plans.sentences import (
    ADVICE,
    VALUES,
    advice_lines,
    agent_need,
    broken_by,
    core_amounts,
    outbox_bound,
    pending_work,
    reason,
    refused_by_rule,
    relaxed_spread,
    replica_and_others,
    shown_use,
    summary,
    survival,
    unfinished_work,
    unplaced_alike,
    update_room,
    value_rows,
)
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.plan import SPARE_LIMIT, Placement, Plan, Proof, nearest_of
from rohe_iac.planning.questions.analysis.response_times import Prediction
from rohe_iac.usecases.plans.analysis import AgentNeed, AnalysedPlan, unsupported_hint

MILLION = 1_000_000

FEW = 60
"""Replicas, and changes, that one screen shows one by one; of more it shows a summary."""

FEWER = 12
"""Workloads that one screen shows where they are many."""

LONG = 45
"""Characters of a reason that is not repeated for the next replica."""

COLUMNS = (
    Column("NODE"),
    Column("REPLICA"),
    Column("CORES AT PEAK"),
    Column("DEVICES"),
    Column("PORTS", prose=True),
    Column("WHY", prose=True),
)
"""The columns of the table of replicas."""

WORKLOADS = (Column("WORKLOAD"), Column("REPLICAS", right=True), Column("NODES", right=True))
"""The columns of the table of workloads, which stands for that of many replicas."""


VALUE_COLUMNS = (Column("VALUE"), Column("IS", prose=True), Column("FROM"))
"""The columns of the table of values in force."""


@dataclass(frozen=True)
class PlanView:
    """Shows plan files on a screen."""

    screen: Screen

    def show(
        self, analysed: AnalysedPlan, output: PageOutput, *, every: bool = False, saved: Path | None = None
    ) -> None:
        """Prints the plan on stdout, and notes and the next step on stderr.

        Args:
            analysed: the plan.
            output: the form to print it in.
            every: show every replica and refused node in place of summaries.
            saved: the file that the plan was written to; None where it was not.
        """
        planfile = analysed.planfile
        if output is PageOutput.json:
            predictions = [asdict(prediction) for prediction in analysed.predictions]
            self.screen.print_json({**planfile.content(), "digest": planfile.digest, "predictions": predictions})
            return
        if output is PageOutput.markdown:
            self.screen.print_text("\n".join(markdown_of(analysed, every=every)))
            return
        self._notes(planfile)
        self._placements(analysed, every=every)
        node_bars(self.screen, planfile.problem, planfile.plan)
        self._values(planfile, every=every)
        self._update_room(planfile.plan, every=every)
        self._advice(planfile, every=every)
        self._predictions(analysed.predictions)
        self._shares(planfile.plan, every=every)
        self._agents(analysed.agents)
        self._unplaced(planfile)
        self._survival(planfile, every=every)
        if every or planfile.plan.unplaced:
            self._refusals(analysed, every=every)
        self._actions(analysed, every=every)
        self._next(planfile, saved)

    def _notes(self, planfile: PlanFile) -> None:
        notes = [f"apply will refuse: {warning}" for warning in planfile.unsupported]
        notes += [unsupported_hint(planfile)] if notes else []
        if stood_in := planfile.stand_in_services:
            notes.append(f"{', '.join(stood_in[:FEW])}: no command, so stand-ins replay the measured profile")
        for note in notes:
            self.screen.err.print(f"[yellow]note:[/yellow] {escape(note)}")

    def _placements(self, analysed: AnalysedPlan, *, every: bool) -> None:
        plan, undone = analysed.planfile.plan, analysed.undone
        self.screen.out.print(f"[bold]Plan of stack {plan.stack}[/bold]: {escape(summary(plan))}.")
        if plan.gain is not None:
            self.screen.out.print(f"{shown_gain(plan.gain)}.")
        if plan.proofs:
            self.screen.out.print(f"solver: {'; '.join(_proof(proof) for proof in plan.proofs)}")
        if len(plan.placements) > FEW and not every:
            self._summary(plan)
            return
        by_node = sorted(plan.placements, key=lambda placement: (placement.node, placement.replica))
        slowdowns = slowdowns_by_replica(analysed.slowed)
        rows = [(escape(placement.node), *_cells(placement, undone, slowdowns)) for placement in by_node]
        if fits_beside(COLUMNS, rows, self.screen.out.width):
            self._table(rows)
        else:
            self._stacked(rows)

    def _table(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Prints a row for each replica."""
        shown = []
        last = ("", "")
        for row in rows:
            cells = list(row)
            if self.screen.out.is_terminal and row[0] == last[0]:
                # A terminal shows the name of a node once, and a long reason that the row above has not again.
                cells[0] = ""
                if row[-1] == last[1] and len(row[-1]) > LONG:
                    cells[-1] = "same"
            shown.append(cells)
            last = (row[0], row[-1])
        print_table(self.screen.out, COLUMNS, shown)

    def _stacked(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Prints replicas below their nodes, and what they take below the replicas, where no table fits."""
        out = self.screen.out
        last = ("", "")
        for node, replica, *takes, why in rows:
            if node != last[0]:
                out.print(f"[bold]{node}[/bold]")
            out.print(f"  {replica}")
            titles = [column.title.lower() for column in COLUMNS[2:-1]]
            words = [f"{title} {cell}" for title, cell in zip(titles, takes, strict=True) if cell]
            for text in (", ".join(words), "" if (node, why) == last else why):
                if text:
                    out.print(f"    {text}", style="dim")
            last = (node, why)

    def _summary(self, plan: Plan) -> None:
        """Prints a row for each workload in place of its replicas."""
        counts = Counter(placement.workload for placement in plan.placements)
        nodes: dict[str, set[str]] = defaultdict(set)
        for placement in plan.placements:
            nodes[placement.workload].add(placement.node)
        rows = [(escape(name), f"{counts[name]:,}", f"{len(nodes[name]):,}") for name in list(counts)[:FEWER]]
        print_table(self.screen.out, WORKLOADS, rows)
        more = f"{counted(len(counts) - FEWER, 'more workload')}; " if len(counts) > FEWER else ""
        self.screen.out.print(f"... and {more}--all shows every replica" if more else "--all shows every replica")

    def _predictions(self, predictions: Sequence[Prediction]) -> None:
        if not predictions:
            return
        self.screen.out.print("\n[bold]Response times that contracts limit, as predicted[/bold]")
        for prediction in predictions[:FEW]:
            style = "red" if prediction.is_late else ""
            self.screen.print_indented(escape(shown_prediction(prediction)), style=style)
        if len(predictions) > FEW:
            self.screen.out.print(f"  ... and {len(predictions) - FEW} more with more slack")

    def _shares(self, plan: Plan, *, every: bool) -> None:
        """Prints which agent judges, and whom each agent hears, where several observe one pipeline."""
        rows = [tuple(escape(cell) for cell in row) for row in share_rows(plan)]
        if not rows:
            return
        self.screen.out.print(f"\n[bold]{SHARES}[/bold]")
        columns = [Column(title.upper(), right=title == "instances", prose=title == "why") for title in SHARE_COLUMNS]
        print_table(self.screen.out, columns, rows if every else rows[:FEW])
        if len(rows) > FEW and not every:
            self.screen.out.print(f"... and {counted(len(rows) - FEW, 'more agent')}; --all shows every one")
        for line in shares_on_one_node(plan):
            self.screen.out.print(line, markup=False)

    def _agents(self, needs: Sequence[AgentNeed]) -> None:
        """Prints what agents need on stderr: a saved plan does not have it, and its screen is otherwise the same."""
        if not needs:
            return
        err = self.screen.err
        err.print("\n[bold]Agents: memory by their contracts, and disk[/bold]")
        for need in needs[:FEW]:
            err.print(f"  {escape(agent_need(need))}", soft_wrap=not err.is_terminal)
        if len(needs) > FEW:
            err.print(f"  ... and {len(needs) - FEW} more")
        err.print(f"  {outbox_bound()}")

    def _values(self, planfile: PlanFile, *, every: bool) -> None:
        rows = [tuple(escape(cell) for cell in row) for row in value_rows(planfile)]
        if not rows:
            return
        self.screen.out.print(f"\n[bold]{VALUES}[/bold]")
        print_table(self.screen.out, VALUE_COLUMNS, rows if every else rows[:FEWER])
        if len(rows) > FEWER and not every:
            self.screen.out.print(f"... and {counted(len(rows) - FEWER, 'more value')}; --all shows every one")

    def _update_room(self, plan: Plan, *, every: bool) -> None:
        lines = list(update_room(plan))
        if lines:
            self.screen.out.print()
        for line in lines if every else lines[:FEWER]:
            self.screen.out.print(line, markup=False)
        if len(lines) > FEWER and not every:
            self.screen.out.print(f"... and {counted(len(lines) - FEWER, 'more service')}; --all shows every one")

    def _advice(self, planfile: PlanFile, *, every: bool) -> None:
        lines = list(advice_lines(planfile))
        if not lines:
            return
        self.screen.out.print(f"\n[bold]{ADVICE}[/bold]")
        for line in lines if every else lines[:FEWER]:
            self.screen.print_indented(escape(line))
        if len(lines) > FEWER and not every:
            self.screen.out.print(f"  ... and {len(lines) - FEWER} more; --all shows every one")

    def _unplaced(self, planfile: PlanFile) -> None:
        unplaced = planfile.plan.unplaced
        if not unplaced:
            return
        replicas, rooms = sum(not item.is_room for item in unplaced), sum(item.is_room for item in unplaced)
        fit = (
            "1 replica fits on no node" if replicas == 1 else f"{replicas} replicas fit on no node" if replicas else ""
        )
        room = f"no room to update {counted(rooms, 'replica')}" if rooms else ""
        self.screen.out.print(f"\n[bold red]{' and '.join(filter(None, (fit, room)))}[/bold red]")
        places = dict(planfile.places)
        for gang in planfile.plan.left_out[:FEWER]:
            self.screen.print_indented(escape(str(gang)))
        if len(planfile.plan.left_out) > FEWER:
            self.screen.out.print(f"  ... and {counted(len(planfile.plan.left_out) - FEWER, 'more pipeline')}")
        groups = unplaced_alike(unplaced)
        for item, others in groups[:FEW]:
            closest = item.nearest
            near = f"closest is {closest.node}: {closest.missing}" if closest else "there is no node"
            written = f"{places[item.workload]}: " if item.workload in places else ""
            self.screen.print_indented(escape(f"{written}{replica_and_others(item, others)}: {near}"))
        if more := sum(1 + others for _, others in groups[FEW:]):
            self.screen.out.print(f"  ... and {more} more")

    def _survival(self, planfile: PlanFile, *, every: bool) -> None:
        """Prints what the plan does for the failures that the stack asks to survive, and where it does not hold."""
        plan, settings = planfile.plan, planfile.problem.settings
        out, asked = self.screen.out, survival(settings)
        if (settings.survive or settings.survive_zones) and len(planfile.problem.nodes) > SPARE_LIMIT:
            out.print(f"\n{asked} spreads replicas; `rohe audit` shows what a failure would break", markup=False)
        if plan.spare:
            out.print(f"\n{asked} keeps {plan.spare} free", markup=False)
        if not plan.losses and not plan.relaxed:
            return
        out.print(f"\n[bold yellow]{asked} does not hold[/bold yellow]; `rohe audit` shows more")
        for loss in plan.losses if every else plan.losses[:FEW]:
            self.screen.print_indented(escape(broken_by(loss)))
        if len(plan.losses) > FEW and not every:
            out.print(f"  ... and {counted(len(plan.losses) - FEW, 'more failure')}")
        for eased in plan.relaxed if every else plan.relaxed[:FEWER]:
            self.screen.print_indented(escape(relaxed_spread(eased)))
        if len(plan.relaxed) > FEWER and not every:
            out.print(f"  ... and {counted(len(plan.relaxed) - FEWER, 'more workload')} likewise")

    def _refusals(self, analysed: AnalysedPlan, *, every: bool) -> None:
        plan, refused = analysed.planfile.plan, analysed.other_nodes
        if not refused:
            return
        self.screen.out.print("\n[bold]Why other nodes were not used[/bold]")
        few = FEW if len(plan.placements) <= FEW else FEWER
        for refusals in refused if every else refused[:few]:
            self.screen.print_indented(f"{escape(refusals.workload)}: {refused_by_rule(refusals)}")
            nearest = nearest_of(refusals.closest)
            for near in refusals.closest if every or nearest is None else (nearest,):
                self.screen.print_indented(f"closest {near.node}: {escape(near.missing)}", 4, style="dim")
        if len(refused) > few and not every:
            self.screen.out.print(f"  ... and {counted(len(refused) - few, 'more workload')}; --all shows every one")

    def _actions(self, analysed: AnalysedPlan, *, every: bool) -> None:
        planfile = analysed.planfile
        self.screen.out.print(f"\n[bold]{escape(pending_work(planfile, analysed.undone))}[/bold]")
        for line in unfinished_work(analysed, FEW):
            self.screen.print_indented(escape(line), style="yellow")
        print_changes(self.screen.out, planfile, analysed.before, planfile.actions, every=every)

    def _next(self, planfile: PlanFile, saved: Path | None) -> None:
        if saved is not None:
            self.screen.err.print(f"saved to {saved}; digest {planfile.digest[:12]}", markup=False)
            if not planfile.plan.unplaced:
                self.screen.err.print(f"next: rohe apply {saved}", markup=False)


def _cells(
    placement: Placement, undone: Collection[str], slowdowns: Mapping[str, str]
) -> tuple[str, str, str, str, str]:
    """Returns the cells of a replica's row after the node."""
    name = placement.replica.removeprefix("replica/") + (f" ({placement.variant})" if placement.variant else "")
    cores = " ".join(f"{core}:{amount}" for core, amount in core_amounts(placement))
    devices = " ".join(f"{use.device}:{shown_use(use)}" for use in placement.devices)
    ports = " ".join(f"{port.name}:{port.number}" for port in placement.ports)
    return escape(name), cores, devices, ports, escape(reason(placement, undone, slowdowns))


def _proof(proof: Proof) -> str:
    """Returns one term of the objective, with the proof or the gap that is left."""
    scale = MILLION if proof.term in ("cost", "wishes") else 1
    reached, limit = (f"{amount / scale:g}" if scale > 1 else str(amount) for amount in (proof.reached, proof.limit))
    if proof.reached == proof.limit:
        return f"{proof.term} {reached}, proven"
    return f"{proof.term} {reached}, {'at most' if proof.term in ('placed', 'wishes') else 'at least'} {limit}"
