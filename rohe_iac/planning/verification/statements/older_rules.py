"""Rules by the names that they have now: plan files of before call the rule `spare` `reserved`."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from rohe_iac.planning.model.plan import Plan, Refusals, Rejection

OLDER, PRESENT = "reserved", "spare"
"""The name of the rule about the node that `survive` keeps free, before and now."""


def with_present_rules(plan: Plan) -> Plan:
    """Returns the plan with the present names of rules, the very same where it has no older one."""
    refusals = tuple(_refusals(item) for item in plan.refusals)
    unplaced = tuple(structs.replace(item, closest=_rejections(item.closest)) for item in plan.unplaced)
    left_out = tuple(
        structs.replace(gang, refusals=tuple(_refusals(item) for item in gang.refusals)) for gang in plan.left_out
    )
    if (refusals, unplaced, left_out) == (plan.refusals, plan.unplaced, plan.left_out):
        return plan
    return replace(plan, refusals=refusals, unplaced=unplaced, left_out=left_out)


def _refusals(refusals: Refusals) -> Refusals:
    by_rule = tuple((PRESENT if rule == OLDER else rule, number) for rule, number in refusals.by_rule)
    return structs.replace(refusals, by_rule=by_rule, closest=_rejections(refusals.closest))


def _rejections(rejections: tuple[Rejection, ...]) -> tuple[Rejection, ...]:
    return tuple(
        structs.replace(item, rule=PRESENT, missing=PRESENT + item.missing.removeprefix(OLDER))
        if item.rule == OLDER
        else item
        for item in rejections
    )
