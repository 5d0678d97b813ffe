"""How apply and destroy look while they run: what is done, and, where that takes long, what is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.quantities import counted

DOING = {"create": "creating", "update": "changing", "delete": "deleting", "await": "readiness of", "pull": "pulling"}
"""Each verb of an action that goes on."""

DONE = {
    "create": "[green]+[/green] created",
    "update": "[yellow]~[/yellow] changed",
    "delete": "[red]-[/red] deleted",
    "await": "[green]=[/green] ready",
    "pull": "[green]=[/green] pulled",
    "pending": "[yellow]?[/yellow] pending",
}
"""Each verb of an action that is done, with its mark."""

FAILED = {
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "await": "ready",
    "pull": "pulled",
    "pending": "pending",
}
"""What did not happen, by the verb of the action."""

SILENCE = 5.0
"""Seconds without a line after which what is waited for is printed where there is no terminal."""

NOTICED = 1.0
"""Seconds that something is waited for before its wait is worth a line, and a number."""

REDRAW = 0.25
"""Seconds between two looks at what is waited for."""

MARGIN = 4
"""Columns that the spinner takes beside its text."""


class ProgressView:
    """Prints a line on stderr when a resource ends, and between those lines what is waited for, and for how long.

    A terminal shows what is waited for in a line that changes; elsewhere a line is printed every SILENCE seconds
    without another.
    """

    def __init__(self, screen: Screen, clock: Clock | None = None) -> None:
        self._screen = screen
        self._clock = clock if clock is not None else SystemClock()
        self._begun: dict[str, tuple[str, float]] = {}
        self._any_begun = False
        self._done = dict.fromkeys(FAILED, 0)
        self._changed = self._printed = self._clock.monotonic()
        self._lock = threading.Lock()

    def done_so_far(self) -> str:
        """Returns how many resources were created, changed and deleted, in words; "" where none was."""
        # An image that a node has pulled changes nothing of the stack.
        counts = {verb: count for verb, count in self._done.items() if count and verb != "pull"}
        return ", ".join(f"{counted(count, 'resource')} {FAILED[verb]}" for verb, count in counts.items())

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Shows what is waited for until the end of the block."""
        done = threading.Event()
        if self._screen.err.file.isatty():
            status = self._screen.err.status(escape(self.waited_for()))
            with status, self._watched(done, lambda: status.update(escape(self.waited_for()))):
                yield
            return
        with self._watched(done, self.remind):
            yield

    def waited_for(self) -> str:
        """Returns what is waited for and for how long, in one line of the console."""
        with self._lock:
            begun, since = dict(self._begun), self._changed
        now = self._clock.monotonic()
        if not begun:
            return f"{_waiting(now - since)}the engine{'' if self._any_begun else ' to start'}"
        oldest = min(moment for _, moment in begun.values())
        head = _waiting(now - oldest)
        items = [f"{DOING[verb]} {address}" for address, (verb, _) in begun.items()]
        for shown in range(len(items), 0, -1):
            more = f" and {len(items) - shown} more" if shown < len(items) else ""
            line = f"{head}{', '.join(items[:shown])}{more}"
            if len(line) + MARGIN <= self._screen.err.width:
                return line
        return f"{head}{counted(len(items), 'resource')}"

    def remind(self) -> None:
        """Prints what is waited for where nothing was printed for SILENCE seconds, unless that has only just begun."""
        now = self._clock.monotonic()
        with self._lock:
            oldest = min((moment for _, moment in self._begun.values()), default=self._changed)
        if now - self._printed >= SILENCE and now - oldest >= NOTICED:
            self._print(f"  {escape(self.waited_for())}", style="dim")

    def on_begin(self, verb: str, address: str) -> None:
        """Notes that the action on a resource begins."""
        with self._lock:
            self._any_begun = True
            self._begun[address] = verb, self._clock.monotonic()

    def on_end(self, verb: str, address: str, seconds: float) -> None:
        """Prints that the action on a resource is done."""
        self._end(address)
        self._done[verb] += 1
        self._print(f"  {DONE[verb]} {escape(address)} [dim]{seconds:.1f} s[/dim]")

    def on_failure(self, verb: str, address: str, reason: str) -> None:
        """Prints that the action on a resource failed, and why."""
        self._end(address)
        first, *rest = reason.splitlines() or [""]
        self._print(f"  [bold red]![/bold red] {escape(address)} was not {past(verb)}: {escape(first)}")
        for line in rest:
            self._print(f"      {escape(line)}", style="dim")

    def on_wait(self, address: str, words: str) -> None:
        """Prints what a workload that is not ready yet waits for."""
        self._print(f"  {escape(address)} waits: {escape(words)}", style="dim")

    def on_note(self, text: str) -> None:
        """Prints a note on the whole run."""
        self._print(f"  {escape(text)}", style="dim")

    def install(self, line: str) -> None:
        """Prints a step of the installation of the engine."""
        self._print(f"  {escape(line)}", style="dim")

    def _end(self, address: str) -> None:
        with self._lock:
            self._begun.pop(address, None)
            self._changed = self._clock.monotonic()

    def _print(self, text: str, style: str = "") -> None:
        self._printed = self._clock.monotonic()
        self._screen.err.print(text, style=style)

    @contextmanager
    def _watched(self, done: threading.Event, look: Callable[[], None]) -> Iterator[None]:
        """Calls `look` again and again in a thread of its own until the end of the block."""

        def watch() -> None:
            while not done.wait(REDRAW):
                look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _waiting(seconds: float) -> str:
    """Returns the words before what is waited for; one shorter than NOTICED has no number."""
    return f"waiting {int(seconds)} s for " if seconds >= NOTICED else "waiting for "


def past(verb: str) -> str:
    """Returns what was not done to a resource, by the verb of the action that failed."""
    return FAILED.get(verb, verb)
