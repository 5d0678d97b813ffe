"""Problem: the plain value that the planner decides on, with its settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rohe_iac.planning.model.demand import Demand, Edge, local_rules, with_local_rules
from rohe_iac.planning.model.plugins.protocols import Origin, Plugins
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.saved_fields import BRIEF
from rohe_iac.planning.model.supply import Supply, Wire

WEIGHT_ONE = 1024
"""A weight of 1: weights are kept in 1024ths, so that scores never pass through floats."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to plan.

    Attributes:
        objective: Names of the objective's terms, the most important first.
        strategy: Name of the strategy, or reference of a plugged one.
        iterations: Budget of a search; None: its own.
        cpu_weight, memory_weight, accelerator_weight: Weights of the scorers, in 1024ths.
        queue_priority: Sensitivity of the services of the first lane of the queue.
        queue_balance: Services of the first lane that are served before one of the second.
        vms_ratio: How much of the virtual memory may be promised, in millionths.
        survive: Failures of nodes that every service has to survive.
        survive_zones: Failures of whole zones that every service has to survive.
        ports: First and last number given out, None where the target numbers none.
        one_machine: Whether all nodes stand for one machine, so that port numbers are unique in the stack.
        max_moves: How many placed replicas may move, None: any.
        filters, scorers: References as the blueprint gives them, scorers with their weights in 1024ths.
        origins: What the plug-ins were taken from.
    """

    objective: tuple[str, ...] = ("placed", "stable", "nodes")
    strategy: str = "best-fit"
    iterations: int | None = None
    cpu_weight: int = WEIGHT_ONE
    memory_weight: int = WEIGHT_ONE
    accelerator_weight: int = WEIGHT_ONE
    queue_priority: str = "none"
    queue_balance: int = 3
    vms_ratio: int = 1_000_000
    survive: int = 0
    ports: tuple[int, int] | None = None
    one_machine: bool = False
    max_moves: int | None = None
    filters: tuple[str, ...] = ()
    scorers: tuple[tuple[str, int], ...] = ()
    origins: tuple[Origin, ...] = ()
    survive_zones: int = field(default=0, metadata={BRIEF: True})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be placed where, and how: a plain value, saved with each plan. The order of its tuples means nothing.

    The settings name plug-ins by reference; the callables themselves are handed in beside it (`Plugins`).

    Attributes:
        stack: Name of the stack.
        nodes, demands, wires, edges: What there is, and what is asked for.
        settings: How to plan.
        promises: Limits of response times that contracts set.
        gangs: Names of pipelines of which all replicas are placed or none; what the stack runs for itself is not
            counted.
    """

    stack: str
    nodes: tuple[Supply, ...]
    demands: tuple[Demand, ...]
    wires: tuple[Wire, ...] = ()
    edges: tuple[Edge, ...] = ()
    settings: Settings = Settings()
    promises: tuple[ResponseTimeLimit, ...] = ()
    gangs: tuple[str, ...] = field(default=(), metadata={BRIEF: True})


def with_local_flows(problem: Problem) -> Problem:
    """Returns the problem with the rules of its local flows written out; the same object where it has none."""
    rules = local_rules(problem.edges)
    if not rules:
        return problem
    return replace(problem, demands=tuple(with_local_rules(demand, rules) for demand in problem.demands))


def missing_plugins(settings: Settings, plugins: Plugins) -> tuple[str, ...]:
    """Returns the references of filters and scorers that the settings name and `plugins` does not have."""
    present = {plugin.origin.reference for plugin in plugins.all}
    named = (*settings.filters, *(name for name, _ in settings.scorers))
    return tuple(name for name in named if name not in present)
