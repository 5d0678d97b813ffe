"""`rohe why-not`: what keeps a service off a node, and the smallest edits that would let it on."""

from __future__ import annotations

from pathlib import Path

from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.questions.why_not.why_not import WhyNot
from rohe_iac.planning.questions.why_not.why_not import why_not as answers
from rohe_iac.usecases.plans.plan import Tell, decide, unheard


def why_not(
    directory: Path, service: str, node: str, stack: str | None = None, *, tell: Tell = unheard
) -> tuple[WhyNot, ...]:
    """Answers for every workload of the service (`classify`, `service/classify/svm`) and a node (`node/pi-1`).

    Errors: InvalidBlueprint, UsageError.
    """
    decided = decide(directory, stack, tell=tell)
    tell("looking for edits, each proved by planning again")
    name = service.removeprefix("service/")
    if not name or not node.removeprefix("node/"):
        raise UsageError("name a service and a node", hint="for example: rohe why-not classify pi-1")
    return answers(decided.problem, decided.plan, name, node.removeprefix("node/"), decided.plugins)
