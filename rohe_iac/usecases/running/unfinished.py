"""What the last apply or destroy of a stack left undone, read from its record and journal."""

from __future__ import annotations

from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.deployment.files.record import Record, read_record
from rohe_iac.deployment.ports import DeploymentTarget
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest

SENTENCES = {
    "create": "the last apply did not create it",
    "update": "the last apply did not change it",
    "delete": "the last apply did not delete it",
    "await": "it did not get ready in the last apply",
}
"""What people read for the verb of an action that did not end."""


def unfinished(folder: StackFolder) -> bool:
    """Checks whether the record or the journal of a stack is of a run that has not ended."""
    try:
        record = read_record(folder)
    except RoheError:
        return True
    return (record is not None and not record.complete) or bool(RunJournal(folder, SystemClock()).interrupted())


def not_done(folder: StackFolder) -> dict[str, str]:
    """Returns for each address that the last apply of a stack did not make as planned a sentence that says why."""
    found: dict[str, str] = {}
    for item in RunJournal(folder, SystemClock()).not_done():
        if item.purpose != "apply":
            continue
        if item.verb:
            reason = f": {item.reason}" if item.reason else ""
            sentence = SENTENCES.get(item.verb, f"the last apply did not {item.verb} it")
            found[item.address] = f"{sentence}{reason}"
        else:
            found.setdefault(item.address, "the last apply did not get to it")
    return found


def as_applied(target: DeploymentTarget, record: Record | None, planfile: PlanFile) -> tuple[Manifest, ...]:
    """Returns the manifests applied last where the target has everything as they say, none where that is not sure.

    An engine that compares with its own state would do nothing for those of them that are wanted still.

    Args:
        target: The target.
        record: The record of the last apply; None before the first.
        planfile: The plan that is to be applied; with other settings of the target everything is looked at.
    """
    if record is None or not record.complete or not target.repairs_by_refresh:
        return ()
    if (record.planfile.target, record.planfile.settings) != (planfile.target, planfile.settings):
        return ()
    return record.manifests if not target.faults(record.manifests) else ()
