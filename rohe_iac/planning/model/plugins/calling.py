"""Asking: the one door through which plugged callables are called, and their answers made whole numbers and words."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plugins.protocols import Candidate, Plugin
from rohe_iac.planning.model.units import MILLION

LONGEST = 200
"""Characters of a filter's words that a plan keeps."""


class FaultyPlugin(RoheError):
    """A filter, scorer or strategy that was plugged in raised an error, or gave what it may not give."""

    exit_code = ExitCode.INVALID


def ask_filter(one: Plugin, candidate: Candidate) -> str:
    """The filter's words against the node on one line, "" where it has none. Errors: BadExtension."""
    node, demand = candidate.node, candidate.demand
    answer = _called(one, f"{demand.replica} on node/{node.name}", candidate)
    if answer is None:
        return ""
    if not isinstance(answer, str):
        raise _wrong(one, demand, f"{_shown(answer)} for node/{node.name}", "give words that say why not, or nothing")
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in answer).split())
    return words[:LONGEST]


def ask_scorer(one: Plugin, candidate: Candidate) -> int:
    """The scorer's number in millionths, rounded down. Errors: BadExtension."""
    node, demand = candidate.node, candidate.demand
    answer = _called(one, f"{demand.replica} on node/{node.name}", candidate)
    if isinstance(answer, bool) or not isinstance(answer, int | float | Fraction):
        raise _wrong(one, demand, f"{_shown(answer)} for node/{node.name}", "give a number in [0, 1]")
    if not isfinite(answer) or not 0 <= answer <= 1:
        raise _wrong(one, demand, f"{_shown(answer)} for node/{node.name}", "give a number in [0, 1], higher is better")
    # The one place where a float becomes points: through a fraction, so that no processor rounds it otherwise.
    return int(Fraction(answer) * MILLION)


def ask_strategy(one: Plugin, candidates: Sequence[Candidate]) -> int:
    """The position of the candidate that the strategy picks. Errors: BadExtension."""
    demand = candidates[0].demand
    answer = _called(one, demand.replica, tuple(candidates))
    for position, candidate in enumerate(candidates):
        if answer == candidate.node.name:
            return position
    raise _wrong(one, demand, _shown(answer), "give the name of one of the candidates' nodes")


def _called(one: Plugin, about: str, *values: Any) -> Any:
    try:
        return one.call(*values)
    except (Exception, SystemExit) as error:
        # The callable is the user's: whatever it raises is a fault of the module, told with its own line.
        raise FaultyPlugin(
            f"the {one.kind} {one.name} failed for {about}",
            detail=f"{_line(one, error)}: {type(error).__name__}: {str(error)[:LONGEST]}",
            hint=f"mend {one.origin.reference}, or take it out of the stack's planner settings",
        ) from error


def _line(one: Plugin, error: BaseException) -> str:
    """The innermost line of the module's own file that the error came through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == one.file]
    path = one.origin.place.rpartition(":")[0] or one.origin.place
    return f"{path}:{lines[-1]}" if lines else one.origin.place


def _wrong(one: Plugin, demand: Demand, what: str, hint: str) -> FaultyPlugin:
    return FaultyPlugin(
        f"the {one.kind} {one.name} gave {what}",
        detail=f"{one.origin.place}: asked for {demand.workload}",
        hint=hint,
    )


def _shown(answer: object) -> str:
    # A user's object may fail even to say what it is: only plain values are shown.
    return repr(answer)[:60] if isinstance(answer, bool | int | float | str) else f"a {type(answer).__name__}"
