"""Collects, for each refusing rule, the edits that would lift it."""

from __future__ import annotations

from rohe_iac.planning.questions.why_not.amounts import _amounts
from rohe_iac.planning.questions.why_not.cores import core_ways
from rohe_iac.planning.questions.why_not.devices import device_ways
from rohe_iac.planning.questions.why_not.network import link_ways
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, RefusalCase
from rohe_iac.planning.questions.why_not.rules import rule_ways


def suggestions(case: RefusalCase) -> list[list[EditSet]] | None:
    """For each thing that is wrong its ways out, or None where something has none."""
    found = [*_amounts(case), *core_ways(case), *device_ways(case), *rule_ways(case), *link_ways(case)]
    return None if any(not ways for ways in found) else found
