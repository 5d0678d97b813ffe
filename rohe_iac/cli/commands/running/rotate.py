"""`rohe rotate`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import (
    FilesOption,
    LockTimeoutOption,
    Output,
    OutputOption,
    SetOption,
    StackArgument,
    YesOption,
    values_of,
)


def rotate(
    stack: StackArgument = None,
    passwords: Annotated[bool, typer.Option("--passwords", help="Replace the password of each client.")] = False,
    certificates: Annotated[
        bool, typer.Option("--certificates", help="Replace the certificates and keys of broker and clients.")
    ] = False,
    authority: Annotated[
        bool, typer.Option("--authority", help="Replace the authority, and all that it has signed.")
    ] = False,
    yes: YesOption = False,
    lock_timeout: LockTimeoutOption = "0s",
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Replace passwords and certificates of the stack's broker and its clients while they work; by default all.

    Example: `rohe rotate digits --passwords --yes`
    """
    from rohe_iac.cli.question import confirm, span
    from rohe_iac.cli.views.running.rotation import show_rotated
    from rohe_iac.deployment.rotation import Rotation
    from rohe_iac.foundation.errors import ExitCode
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.running.rotate import rotate as rotate_secrets
    from rohe_iac.usecases.stacks import known_stack

    chosen = {Rotation.PASSWORDS: passwords, Rotation.CERTIFICATES: certificates, Rotation.AUTHORITY: authority}
    asked = tuple(kind for kind, wanted in chosen.items() if wanted)
    patience = span(lock_timeout)
    known = known_stack(screen.blueprint, stack, values=values_of(value_files, settings))
    what = " and ".join(asked) if asked else "all secrets"
    if not confirm(f"Replace {what} of the broker of stack {known.name}?", command="rotate", yes=yes):
        return ExitCode.OK
    with screen.working(f"replacing {what}"):
        rotated = rotate_secrets(
            known, asked, open_target, lambda text: screen.err.print(text, markup=False), lock_timeout=patience
        )
    show_rotated(screen, known.name, rotated, output)
    return ExitCode.OK
