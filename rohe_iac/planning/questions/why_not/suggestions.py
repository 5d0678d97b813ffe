"""Collects, for each refusing rule, the edits that would lift it."""

from __future__ import annotations

from rohe_iac.planning.questions.why_not.amounts import amount_edits
from rohe_iac.planning.questions.why_not.cores import core_edits
from rohe_iac.planning.questions.why_not.devices import device_edits
from rohe_iac.planning.questions.why_not.network import link_edits
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, RefusalCase
from rohe_iac.planning.questions.why_not.rules import rule_edits


def suggestions(case: RefusalCase) -> list[list[EditSet]] | None:
    """Returns for each refusal the edits that lift it; None where one of them cannot be lifted."""
    found = [*amount_edits(case), *core_edits(case), *device_edits(case), *rule_edits(case), *link_edits(case)]
    return None if any(not edits for edits in found) else found
