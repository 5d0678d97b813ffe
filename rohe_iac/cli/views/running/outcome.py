"""Views of what apply and destroy are about to do, and of their outcome."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.views.plans.changes import print_changes, print_removals
from rohe_iac.cli.views.running.progress import past
from rohe_iac.deployment.run.outcome import Ending, Outcome
from rohe_iac.foundation.quantities import counted
from rohe_iac.usecases.running.apply import Intent

TO_DO = {"create": "create", "update": "change", "delete": "delete", "retain": "retain"}
"""Each verb of an action that is to be done."""

FEW = 20
"""Addresses that do not run that one screen shows."""


class OutcomeView:
    """Shows what apply will do, and its outcome."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def intent(self, wanted: Intent) -> None:
        """Prints on stderr what apply is about to do."""
        verbs = [action.verb for action in wanted.changes]
        work = ", ".join(f"{verbs.count(verb)} to {word}" for verb, word in TO_DO.items() if verb in verbs)
        if not work:
            work = f"{len(wanted.amiss)} to repair" if wanted.amiss else ""
        edits = (*wanted.edits.by_hand, *wanted.edits.by_apply)
        if edits:
            work = ", ".join(filter(None, (work, f"{counted(len(edits), 'field')} changed by others")))
        work = work or ("an unfinished apply to finish" if wanted.resumes else "every resource to look at again")
        self._screen.err.print(f"[bold]Stack {wanted.planfile.stack}[/bold] on {wanted.planfile.target}: {work}")
        for remark in wanted.remarks:
            self._screen.err.print(f"  [yellow]![/yellow] {escape(remark)}")
        before = wanted.record.planfile if wanted.record is not None else None
        print_changes(self._screen.err, wanted.planfile, before, wanted.changes, every=False)
        for address, words in list(wanted.amiss.items())[:FEW]:
            self._screen.err.print(f"  [yellow]![/yellow] {escape(address)}: {escape(words)}")
        if len(wanted.amiss) > FEW:
            self._screen.err.print(f"  ... and {len(wanted.amiss) - FEW} more")
        for edit in edits[:FEW]:
            self._screen.err.print(f"  [yellow]![/yellow] {escape(str(edit))}")
        if len(edits) > FEW:
            self._screen.err.print(f"  ... and {len(edits) - FEW} more")

    def removal(self, stack: str, names: Sequence[str]) -> None:
        """Prints on stderr what destroy is about to remove."""
        what = f"{counted(len(names), 'resource')} to delete" if names else "everything to delete"
        self._screen.err.print(f"[bold]Stack {stack}[/bold]: {what}; only its history stays")
        print_removals(self._screen.err, names)

    def nothing_to_do(self, wanted: Intent, output: Output) -> None:
        """Prints that everything is as planned already."""
        if output is Output.json:
            self._screen.print_json(_value(Outcome(Ending.COMPLETE, 0.0)), "outcome")
            return
        self._screen.out.print(
            f"No change: stack {wanted.planfile.stack} is as planned, "
            f"{counted(len(wanted.planfile.manifests), 'resource')}, all running."
        )
        self._screen.err.print(f"next: {after_apply(wanted)}", markup=False)

    def show(self, outcome: Outcome, output: Output, *, command: str, following: str) -> None:
        """Prints the outcome on stdout, and the next step on stderr.

        Args:
            outcome: the outcome of the run.
            output: the form to print it in.
            command: the command that ran, which continues what did not end.
            following: the next step where everything is done.
        """
        if output is Output.json:
            self._screen.print_json(_value(outcome), "outcome")
            return
        done = ((outcome.created, "created"), (outcome.updated, "changed"), (outcome.deleted, "deleted"))
        counts = [f"{len(addresses)} {word}" for addresses, word in done]
        counts = [text for text in counts if not text.startswith("0 ")] or ["nothing changed"]
        if outcome.swept:
            counts.append(f"{counted(len(outcome.swept), 'leftover')} deleted")
        if outcome.pending:
            counts.append(f"{len(outcome.pending)} pending")
        done_word = "Done, but not all is ready" if outcome.pending else "Done"
        endings = {Ending.COMPLETE: done_word, Ending.PARTIAL: "Not all done", Ending.INTERRUPTED: "Interrupted"}
        self._screen.out.print(f"{endings[outcome.ending]}: {', '.join(counts)} in {outcome.seconds:.1f} s")
        for failure in outcome.failed:
            first = (failure.reason.splitlines() or [""])[0]
            self._screen.out.print(f"  not {past(failure.verb)}: {escape(failure.address)}: {escape(first)}")
        for item in outcome.pending:
            self._screen.out.print(f"  pending: {escape(item.address)}: {escape(item.reason)}", style="yellow")
        for found in outcome.unheard:
            self._screen.out.print(f"  not heard: {escape(found.address)}: {escape(found.reason)}", style="yellow")
        for address in outcome.skipped:
            self._screen.out.print(f"  not tried: {escape(address)}", style="dim")
        if outcome.ending is Ending.COMPLETE:
            self._screen.err.print(f"next: {following}", markup=False)
        elif outcome.ending is Ending.INTERRUPTED:
            self._screen.err.print(f"next: `{command}` continues where it stopped", markup=False)
        else:
            self._screen.err.print(f"next: repair the cause, then `{command}` continues where it stopped", markup=False)


def after_apply(wanted: Intent) -> str:
    """Returns the next step after a complete apply."""
    stack = wanted.planfile.stack
    observed = any(manifest.address.startswith("agent/") for manifest in wanted.planfile.manifests)
    observe = f", `rohe observe {stack}` what the agents measure" if observed else ""
    return f"`rohe status {stack}` shows what runs and where{observe}"


def _value(outcome: Outcome) -> dict[str, object]:
    return {
        "ending": outcome.ending.value,
        "seconds": round(outcome.seconds, 3),
        **{word: list(getattr(outcome, word)) for word in ("created", "updated", "deleted", "same", "swept")},
        "failed": [{"verb": item.verb, "address": item.address, "reason": item.reason} for item in outcome.failed],
        "pending": [{"address": item.address, "reason": item.reason} for item in outcome.pending],
        "unheard": [{"address": item.address, "reason": item.reason} for item in outcome.unheard],
        "skipped": list(outcome.skipped),
    }
