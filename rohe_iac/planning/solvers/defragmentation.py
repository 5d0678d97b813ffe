"""Defragmentation: the problem whose plan moves replicas in order to free nodes."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import EXACT, PORTFOLIO

FIRST_TERMS = ("placed", "nodes", "stable")
"""What counts when nodes are to be freed, the first most: fewer nodes come before fewer moves."""


def defragmenting(problem: Problem, plugins: Plugins) -> tuple[Problem, Plugins]:
    """Returns the problem with an objective that moves replicas for fewer nodes, and the plug-ins that it needs.

    The objective is FIRST_TERMS, then what the stack's objective has beside them. One-pass strategies do not weigh an
    objective, so that the strategy is `portfolio` unless it is `exact`.

    Args:
        problem: The problem as the blueprint poses it.
        plugins: What its settings name.
    """
    settings = problem.settings
    rest = tuple(term for term in settings.objective if term not in FIRST_TERMS)
    strategy = settings.strategy if settings.strategy == EXACT else PORTFOLIO
    changed = replace(
        settings, objective=(*FIRST_TERMS, *rest), strategy=strategy, iterations=settings.iterations or None
    )
    return replace(problem, settings=changed), Plugins(plugins.filters, plugins.scorers)
