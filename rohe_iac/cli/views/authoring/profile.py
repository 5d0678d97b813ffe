"""Profiles on a screen: their YAML where they are not written to files, else a line each; what is missing apart."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.planning.sizing.profile import Profile
from rohe_iac.planning.sizing.profile_yaml import write_profile


def show_profiles(screen: Screen, profiles: Sequence[Profile], written: Sequence[Path]) -> None:
    """Prints the profiles as YAML on stdout, or the files that they were written to."""
    if not written:
        sys.stdout.write("---\n".join(write_profile(profile) for profile in profiles))
    for path in written:
        screen.out.print(str(path), markup=False)
    for profile in profiles:
        for word, notes in (("missing", profile.missing), ("estimated", profile.estimated)):
            if notes:
                screen.err.print(f"[yellow]{word}[/yellow] for {profile.service}: {escape('; '.join(notes))}")
