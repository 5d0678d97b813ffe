"""Whether an apply or destroy of a stack began and did not end."""

from __future__ import annotations

from rohe_iac.deployment.files.journal import RunJournal
from rohe_iac.deployment.files.record import read_record
from rohe_iac.foundation.clock import SystemClock
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder


def unfinished(folder: StackFolder) -> bool:
    """Checks whether the record or the journal of a stack is of a run that has not ended."""
    try:
        record = read_record(folder)
    except RoheError:
        return True
    return (record is not None and not record.complete) or bool(RunJournal(folder, SystemClock()).interrupted())
