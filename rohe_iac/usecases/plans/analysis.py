"""What screens and pages show of a plan beyond its plan file, computed when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rohe_iac.blueprint.linked.agent_memory import AgentMemory, agent_memory
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.questions.analysis.node_connections import NodeConnections
from rohe_iac.planning.questions.analysis.other_nodes import other_nodes
from rohe_iac.planning.questions.analysis.plan_diff import Change, difference
from rohe_iac.planning.questions.analysis.response_times import Prediction, predictions_of
from rohe_iac.planning.questions.analysis.slowed_replicas import SlowedReplica, slowed_replicas

APPLIED_TARGETS = ("local", "kubernetes")
"""The targets that apply supports."""


@dataclass(frozen=True)
class AgentNeed:
    """What one agent needs, and what it gets.

    Attributes:
        memory: memory that it needs, with the formula.
        given: memory in bytes that its limit is.
        max_store: size in bytes that its store may have.
    """

    memory: AgentMemory
    given: int
    max_store: int


def agent_needs(blueprint: Blueprint) -> tuple[AgentNeed, ...]:
    """Returns what the agent of each observed pipeline needs, in the order of the pipelines."""
    given = {
        workload.service.name: workload.service.requests.memory.rss
        for workload in workloads_of(blueprint)
        if workload.role == "agent" and workload.service.requests.memory is not None
    }
    return tuple(
        AgentNeed(
            agent_memory(pipeline, blueprint.contracts),
            given[pipeline.metadata.name],
            blueprint.stack.spec.store.max_size,
        )
        for pipeline in blueprint.pipelines
        if pipeline.metadata.name in given
    )


@dataclass(frozen=True)
class AnalysedPlan:
    """A plan file with the answers to the questions that its screens and its page ask.

    Attributes:
        planfile: the plan.
        before: the plan file that was applied last; None where nothing is applied.
        agents: what the agents need, where the plan was made of a blueprint that is at hand.
        undone: for each address that the last apply did not make as planned a sentence that says why.
        incomplete: whether the last apply did not end, or did not end well.
    """

    planfile: PlanFile
    before: PlanFile | None = None
    agents: tuple[AgentNeed, ...] = ()
    undone: Mapping[str, str] = field(default_factory=dict)
    incomplete: bool = False

    @cached_property
    def predictions(self) -> tuple[Prediction, ...]:
        """The response times that contracts limit, as predicted; the least slack first."""
        return predictions_of(self.planfile.problem, self.planfile.plan)

    @cached_property
    def slowed(self) -> tuple[SlowedReplica, ...]:
        """The replicas that neighbours slow down."""
        return slowed_replicas(self.planfile.problem, self.planfile.plan, self.predictions)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every replica of the plan and of the one before, by address, with what becomes of it."""
        return difference(self.before.plan if self.before else None, self.planfile.plan)

    @cached_property
    def other_nodes(self) -> tuple[Refusals, ...]:
        """Why other nodes were not used, by workload; workloads that no other node refuses are left out."""
        found = other_nodes(self.planfile.problem, self.planfile.plan)
        return tuple(refusals for refusals in found if refusals.by_rule)

    @cached_property
    def connections(self) -> NodeConnections:
        """What lies between the nodes of the plan's problem."""
        return NodeConnections(self.planfile.problem)


def unsupported_hint(planfile: PlanFile) -> str:
    """Returns what to do about fields of the blueprint that apply does not support."""
    if planfile.target in APPLIED_TARGETS:
        return "change these fields as each line says"
    # What to do instead is the hint of the field `target`, which is among them.
    return f"apply supports the targets {' and '.join(APPLIED_TARGETS)} so far"
