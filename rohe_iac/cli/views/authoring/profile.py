"""How profiles look: their YAML, or the files that they were written to, and what they lack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.usecases.plans.profile import Measurements


def show_profiles(screen: Screen, measurements: Measurements, written: Sequence[Path]) -> None:
    """Prints the files that the profiles were written to, or their YAML, on stdout, and what they lack on stderr."""
    if not written:
        screen.print_document(measurements.text)
    for path in written:
        screen.out.print(str(path), markup=False)
    for profile in measurements.profiles:
        for word, notes in (("missing", profile.missing), ("estimated", profile.estimated)):
            if notes:
                screen.err.print(f"[yellow]{word}[/yellow] for {profile.service}: {escape('; '.join(notes))}")
