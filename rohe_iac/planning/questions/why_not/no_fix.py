"""No fix: why no edit of one or two fields places a replica on a node."""

from __future__ import annotations

from collections import Counter

from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.questions.why_not.network import link_edits
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, RefusalCase
from rohe_iac.planning.questions.why_not.rules import volumes_elsewhere

MAX_FIELDS = 2
"""Fields that a suggestion edits at most."""


def why_no_fix(case: RefusalCase, rule: str, refusals: list[list[EditSet]] | None, outcomes: Counter[str]) -> str:
    """Returns why there is no suggestion, as the end of a sentence.

    Args:
        case: the replica and the node.
        rule: the first rule that refuses the node.
        refusals: for each refusal the edits that lift it; None where one of them cannot be lifted.
        outcomes: how many edits were tried, by why they were not proven.
    """
    if refusals is None:
        if volumes := volumes_elsewhere(case):
            return (
                f"one node at a time can mount the volume {volumes[0]} (accessMode ReadWriteOnce); with accessMode: "
                f"ReadWriteMany every node could, where its storage allows that"
            )
        if rule in ("latency", "bandwidth", "budget") or any(not edits for edits in link_edits(case)):
            return "no link connects the two, and an edit changes links but adds none"
        return f"no edit of a field lifts what the rule `{rule}` refuses"
    tried = sum(outcomes.values())
    if tried:
        edits = f"{counted(tried, 'edit')} {'was' if tried == 1 else 'were'} tried by planning again"
        if len(outcomes) == 1:
            why = next(iter(outcomes))
            return f"{edits}{f', and {why}' if why else ''}"
        most = ", ".join(f"with {number} of them {why}" for why, number in outcomes.most_common(2) if why)
        return f"{edits}, and {most}"
    if not refusals:
        kind = "a filter of the stack's own" if case.indexed.plugins.filters else f"the rule `{rule}`"
        return f"{kind} refuses it, which no edit of a field changes"
    return f"{len(refusals)} things are missing, and a suggestion edits at most {MAX_FIELDS} fields"
