"""`rohe explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_subjects
from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, PageOutput, PageOutputOption, SetOption, StackArgument, values_of
from rohe_iac.foundation.errors import UsageError


def explain(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="ADDR|VIOLATION|CODE",
            help="An address, the name of a service or node, the id of a violation (`latest`: the newest), or a code "
            "such as R106.",
            autocompletion=complete_subjects,
        ),
    ],
    stack: StackArgument = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show every node: the score of those that fit, and what the others lack.")
    ] = False,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: PageOutputOption = PageOutput.human,
) -> None:
    """Show why a replica is where it is; which part caused a violation, and the value without it; what a code means.

    Example: `rohe explain service/classify/svm --all`, `rohe explain v-1f0c9a2b77`, `rohe explain R106`
    """
    from rohe_iac.usecases.documentation import code_page, is_code

    if is_code(subject):
        from rohe_iac.cli.views.authoring.code_page import show_code_page

        for option, given in (("--all", every), ("-f", value_files), ("--set", settings)):
            if given:
                raise UsageError(f"{option} is for an address, not for a code", hint=f"rohe explain {subject}")
        show_code_page(screen, code_page(subject), output)
        return
    from rohe_iac.cli.views.observing.violation import ViolationView
    from rohe_iac.cli.views.plans.placement import PlacementView
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.observing.observe import unobserved
    from rohe_iac.usecases.plans.explain import NEWEST, explain_places, explain_violation
    from rohe_iac.usecases.running.last_ends import last_ends
    from rohe_iac.usecases.stacks import known_stack

    values = values_of(value_files, settings)
    known = known_stack(screen.blueprint, stack, values=values)
    if subject != "latest" and not subject.startswith("v-"):
        with screen.working("finding the node of every replica"):
            found = explain_places(screen.blueprint, known, subject, every=every, values=values)
        PlacementView(screen).show(found, output)
        if output is PageOutput.human:
            for sentence in last_ends(known, open_target, {placement.replica for placement in found.placements}):
                screen.out.print(sentence, markup=False)
        return
    if every or output is PageOutput.markdown:
        option = "--all" if every else "-o markdown"
        raise UsageError(f"{option} is for an address, not for a violation", hint="rohe explain service/NAME --all")
    violation = explain_violation(known, NEWEST if subject == "latest" else subject, open_target)
    view = ViolationView(screen)
    if violation is None:
        view.nothing(Output(output.value), unobserved(known))
    else:
        view.explain(violation, Output(output.value))
