"""`rohe why-not`: what keeps a service off a node, and the edits that would let it on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.questions.why_not.why_not import WhyNot
from rohe_iac.planning.questions.why_not.why_not import why_not as answers_to
from rohe_iac.usecases.plans.plan import ReportStep, decide, report_nothing


def why_not(
    directory: Path,
    service: str,
    node: str,
    stack: str | None = None,
    *,
    values: Mapping[str, GivenValue] = NO_VALUES,
    report: ReportStep = report_nothing,
) -> tuple[WhyNot, ...]:
    """Returns an answer for every workload of a service.

    Args:
        directory: a folder of the blueprint.
        service: a service, with or without the kind of its address: `classify`, `service/classify/svm`.
        node: a node, with or without the kind of its address: `pi-1`, `node/pi-1`.
        stack: the name of the stack; None where the blueprint has only one.
        values: values that take the place of those of the stack, by name.
        report: takes each step that begins.

    Raises:
        InvalidBlueprint: the blueprint has faults.
        UsageError: the stack, the service or the node does not exist.
    """
    decision = decide(directory, stack, values=values, report=report)
    report("looking for edits, each proved by planning again")
    name = service.removeprefix("service/")
    if not name or not node.removeprefix("node/"):
        raise UsageError("name a service and a node", hint="for example: rohe why-not classify pi-1")
    return answers_to(decision.problem, decision.plan, name, node.removeprefix("node/"), decision.plugins)
