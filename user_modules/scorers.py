"""Scorers that ship as examples: `name(candidate) -> number in [0, 1]`, higher is better.

`planner: {scorers: {"user_modules/scorers.py:carbon": 8}}` of a stack adds a scorer with its weight. The planner's own
dimensions weigh 1 each, and `open` (fill a node before the next is opened) weighs more than all of them together.
"""

from __future__ import annotations

from rohe_iac.plugins import Candidate

DIRTIEST = 1000.0
"""Grams of CO2 a kWh from which on a node scores 0."""


def carbon(candidate: Candidate) -> float:
    """Returns 1 for a node on clean power down to 0, by its label `carbon` (grams of CO2 a kWh); 0 without a label."""
    try:
        grams = float(candidate.node.label("carbon", str(DIRTIEST)))
    except ValueError:
        return 0.0
    return 1.0 - min(max(grams, 0.0), DIRTIEST) / DIRTIEST
