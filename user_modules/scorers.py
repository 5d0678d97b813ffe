"""Scorers that ship as examples: `name(candidate) -> number in [0, 1]`, higher is better.

`planner: {scorers: {"user_modules/scorers.py:carbon": 8}}` of a stack plugs one in with its weight. The planner's own
dimensions weigh 1 each, and `open` (fill a node before the next is opened) more than all of those together.
"""

from __future__ import annotations

from rohe_iac.plugins import Candidate

DIRTIEST = 1000.0
"""Grams of CO2 a kWh that count as the worst there is."""


def carbon(candidate: Candidate) -> float:
    """Prefers nodes on clean power, by their label `carbon` in grams of CO2 a kWh; without one the worst is taken."""
    try:
        grams = float(candidate.node.label("carbon", str(DIRTIEST)))
    except ValueError:
        return 0.0
    return 1.0 - min(max(grams, 0.0), DIRTIEST) / DIRTIEST
