"""Calls plugged callables and checks what they return; the only place where they are called."""

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

MAX_WORDS = 200
"""Characters of a filter's words, and of an error, that are kept."""


class FaultyPlugin(RoheError):
    """A plugged filter, scorer or strategy raised an error, or returned what its protocol does not allow."""

    exit_code = ExitCode.INVALID


def ask_filter(plugin: Plugin, candidate: Candidate) -> str:
    """Returns the filter's words against the node on one line, "" where it has none.

    Raises:
        FaultyPlugin: The filter failed, or returned something else than words or None.
    """
    node, demand = candidate.node, candidate.demand
    answer = _call(plugin, f"{demand.replica} on node/{node.name}", candidate)
    if answer is None:
        return ""
    if not isinstance(answer, str):
        raise _fault_of(
            plugin, demand, f"{_shown(answer)} for node/{node.name}", "give words that say why not, or nothing"
        )
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in answer).split())
    return words[:MAX_WORDS]


def ask_scorer(plugin: Plugin, candidate: Candidate) -> int:
    """Returns the scorer's number in millionths, rounded down.

    Raises:
        FaultyPlugin: The scorer failed, or returned something else than a number in [0, 1].
    """
    node, demand = candidate.node, candidate.demand
    answer = _call(plugin, f"{demand.replica} on node/{node.name}", candidate)
    if isinstance(answer, bool) or not isinstance(answer, int | float | Fraction):
        raise _fault_of(plugin, demand, f"{_shown(answer)} for node/{node.name}", "give a number in [0, 1]")
    if not isfinite(answer) or not 0 <= answer <= 1:
        raise _fault_of(
            plugin, demand, f"{_shown(answer)} for node/{node.name}", "give a number in [0, 1], higher is better"
        )
    # The one place where a float becomes a score: through a fraction, so that no processor rounds it otherwise.
    return int(Fraction(answer) * MILLION)


def ask_strategy(plugin: Plugin, candidates: Sequence[Candidate]) -> int:
    """Returns the position of the candidate that the strategy picks.

    Raises:
        FaultyPlugin: The strategy failed, or returned something else than the name of a candidate's node.
    """
    demand = candidates[0].demand
    answer = _call(plugin, demand.replica, tuple(candidates))
    for position, candidate in enumerate(candidates):
        if answer == candidate.node.name:
            return position
    raise _fault_of(plugin, demand, _shown(answer), "give the name of one of the candidates' nodes")


def _call(plugin: Plugin, about: str, *values: Any) -> Any:
    """Returns what the callable returns; errors name the plug-in and what it was called for."""
    try:
        return plugin.call(*values)
    except (Exception, SystemExit) as error:
        # The callable is the user's: whatever it raises is a fault of the module, reported with the module's own line.
        raise FaultyPlugin(
            f"the {plugin.kind} {plugin.name} failed for {about}",
            detail=f"{_line(plugin, error)}: {type(error).__name__}: {str(error)[:MAX_WORDS]}",
            hint=f"correct {plugin.origin.reference}, or take it out of the stack's planner settings",
        ) from error


def _line(plugin: Plugin, error: BaseException) -> str:
    """Returns `path:line` of the innermost line of the module's own file that the error came through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == plugin.file]
    path = plugin.origin.place.rpartition(":")[0] or plugin.origin.place
    return f"{path}:{lines[-1]}" if lines else plugin.origin.place


def _fault_of(plugin: Plugin, demand: Demand, what: str, hint: str) -> FaultyPlugin:
    """Returns the error about something that the plug-in returned."""
    return FaultyPlugin(
        f"the {plugin.kind} {plugin.name} gave {what}",
        detail=f"{plugin.origin.place}: asked for {demand.workload}",
        hint=hint,
    )


def _shown(answer: object) -> str:
    """Returns a short form of what a plug-in returned."""
    # A user's object may fail even to say what it is: only plain values are shown.
    return repr(answer)[:60] if isinstance(answer, bool | int | float | str) else f"a {type(answer).__name__}"
