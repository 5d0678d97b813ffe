"""Actions, and the nodes that replicas had, compared with what was applied before."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.deployment.files.actions import REMOVED, ManifestAction, actions_between
from rohe_iac.deployment.files.planfile import NOT_APPLIED, PlanFile
from rohe_iac.deployment.files.record import Record, decode_record
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.planning.model.plan import DECIDED_BY_SEARCH

DECIDED_SCHEMA = 2
"""The first version of plan files in which each placement says what decided it."""


def record_faults(planfile: PlanFile, record: Record | None) -> Iterator[str]:
    """Yields what follows otherwise from the record that the plan was made against, a sentence each.

    Args:
        planfile: the plan file.
        record: that record; None where nothing was applied, or the record is not at hand.
    """
    names = [(action.verb in REMOVED, action.manifest) for action in planfile.actions]
    if names != sorted(names):
        yield "actions: they are not sorted by manifest, deletions last"
    # A search decides all replicas but those that fitted nowhere in it.
    searched = any(item.decided == DECIDED_BY_SEARCH for item in planfile.plan.placements)
    for item in planfile.plan.placements:
        stays = item.reason.startswith("stays where it was")
        if planfile.schema >= DECIDED_SCHEMA and not item.decided and (stays or (searched and not item.late)):
            yield f"{item.replica}: '{item.reason}', and nothing is said to have decided it"
    if record is None:
        return
    before = {item.replica: item.node for item in record.planfile.plan.placements}
    for item in planfile.plan.placements:
        if item.was != before.get(item.replica, ""):
            yield f"{item.replica} was on {before.get(item.replica) or 'no node'}, not on {item.was or 'none'}"
    stated = {action.manifest: action for action in planfile.actions}
    given = {action.manifest: action for action in actions_between(record.planfile.manifests, planfile.manifests)}
    for name in sorted(stated.keys() | given.keys()):
        if stated.get(name) != given.get(name):
            yield f"action {_words(stated.get(name))}: what was applied gives {_words(given.get(name))}"


def record_of(planfile: PlanFile) -> tuple[Record | None, str]:
    """Returns the record that a plan was made against, from this machine, or why there is none at hand.

    Returns:
        The record, None where nothing was applied or it is not at hand; and "", or why it is not, as a sentence.
    """
    against = planfile.against
    if against is None:
        return None, ""
    if against.serial == NOT_APPLIED:
        return None, "actions: the plan was made against a plan file, which is not at hand"
    folder = StackFolder.of(planfile.project, planfile.stack)
    for path in (folder.record, folder.history / f"{against.serial}.json"):
        try:
            record = decode_record(path.read_bytes(), str(path))
        except (OSError, RoheError):
            continue
        if record.against == against:
            return record, ""
    return None, f"actions: record {against.serial}, which the plan was made against, is not on this machine"


def _words(action: ManifestAction | None) -> str:
    return "nothing" if action is None else f"{action.verb} {action.manifest} ({action.because})"
