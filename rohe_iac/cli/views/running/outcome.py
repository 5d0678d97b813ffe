"""How apply and destroy look while they run, and what came of them."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from rohe_iac.cli.console import Output, Screen
from rohe_iac.deployment.run.outcome import Ending, Outcome
from rohe_iac.usecases.running.apply import Intent

DOING = {"create": "creating", "update": "changing", "delete": "removing"}


DONE = {"create": "[green]+[/green] created", "update": "[yellow]~[/yellow] changed", "delete": "[red]-[/red] removed"}


class ProgressView:
    """Prints a line a resource on stderr as it ends; with `every`, one as it begins too."""

    def __init__(self, screen: Screen, *, every: bool = False) -> None:
        self._screen = screen
        self._every = every

    def on_begin(self, verb: str, address: str) -> None:
        """A resource's turn begins."""
        if self._every:
            self._screen.err.print(f"  {DOING[verb]} {escape(address)}", style="dim")

    def on_end(self, verb: str, address: str, seconds: float) -> None:
        """It ended well."""
        self._screen.err.print(f"  {DONE[verb]} {escape(address)} [dim]{seconds:.1f} s[/dim]")

    def on_failure(self, verb: str, address: str, reason: str) -> None:
        """It did not."""
        first, *rest = reason.splitlines() or [""]
        self._screen.err.print(f"  [bold red]![/bold red] {escape(address)} was not {_past(verb)}: {escape(first)}")
        for line in rest:
            self._screen.err.print(f"      {escape(line)}", style="dim")

    def on_note(self, text: str) -> None:
        """Something about the run as a whole."""
        self._screen.err.print(f"  {escape(text)}", style="dim")

    def install(self, line: str) -> None:
        """What the engine's installation is at."""
        self._screen.err.print(f"  {escape(line)}", style="dim")


class OutcomeView:
    """Shows what apply will do, and what came of it."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def intent(self, wanted: Intent) -> None:
        """What apply is about to do, on stderr."""
        verbs = [action.verb for action in wanted.changes]
        told = ", ".join(f"{verbs.count(verb)} to {verb}" for verb in DOING if verb in verbs)
        if not told:
            told = f"{len(wanted.amiss)} to mend" if wanted.amiss else "an unfinished apply to finish"
        self._screen.err.print(f"[bold]Stack {wanted.planfile.stack}[/bold] on {wanted.planfile.target}: {told}")
        for address in wanted.amiss[:20]:
            self._screen.err.print(f"  [yellow]![/yellow] {escape(address)} does not run as it was applied")

    def nothing_to_do(self, wanted: Intent, output: Output) -> None:
        """Everything is as planned already."""
        if output is Output.json:
            self._screen.print_json(_value(Outcome(Ending.COMPLETE, 0.0)))
            return
        self._screen.out.print(
            f"No change: stack {wanted.planfile.stack} is as planned, "
            f"{len(wanted.planfile.manifests)} resources, all alive."
        )

    def show(self, outcome: Outcome, output: Output, *, command: str) -> None:
        """What came of it: data on stdout, what to do next on stderr."""
        if output is Output.json:
            self._screen.print_json(_value(outcome))
            return
        counts = [f"{len(getattr(outcome, word))} {word}" for word in ("created", "updated", "deleted")]
        counts = [text for text in counts if not text.startswith("0 ")] or ["nothing changed"]
        if outcome.swept:
            counts.append(f"{len(outcome.swept)} leftover(s) removed")
        said = {Ending.COMPLETE: "Done", Ending.PARTIAL: "Not all done", Ending.INTERRUPTED: "Interrupted"}
        self._screen.out.print(f"{said[outcome.ending]}: {', '.join(counts)} in {outcome.seconds:.1f} s")
        for failure in outcome.failed:
            first = (failure.reason.splitlines() or [""])[0]
            self._screen.out.print(f"  not {_past(failure.verb)}: {escape(failure.address)}: {escape(first)}")
        for address in outcome.skipped:
            self._screen.out.print(f"  not tried: {escape(address)}", style="dim")
        if outcome.ending is not Ending.COMPLETE:
            self._screen.err.print(f"next: mend the cause, then `{command}` goes on where it stopped", markup=False)


def _past(verb: str) -> str:
    return {"create": "created", "update": "changed", "delete": "removed"}.get(verb, verb)


def _value(outcome: Outcome) -> dict[str, Any]:
    return {
        "ending": outcome.ending.value,
        "seconds": round(outcome.seconds, 3),
        **{word: list(getattr(outcome, word)) for word in ("created", "updated", "deleted", "same", "swept")},
        "failed": [{"verb": item.verb, "address": item.address, "reason": item.reason} for item in outcome.failed],
        "skipped": list(outcome.skipped),
    }
