"""Plan rendering: the base of the classes that render a plan for one target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.agent_memory import DEFAULT_MEMORY
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.observation import connected_pipelines
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant, workloads_of
from rohe_iac.foundation.topics import OPERATOR, Grants, agent_grants, operator_grants, service_grants
from rohe_iac.manifests.advice import Advice
from rohe_iac.manifests.attachments import NO_ATTACHMENTS, Attachments
from rohe_iac.manifests.environment import PeerUrls
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.prerequisites import Prerequisite
from rohe_iac.planning.model.keys import AGENT_PREFIX
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.share import receivers_of
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay

OWN_FILTERS = 4
"""Topic filters of an agent beside those of its clients: for states, questions, replies, and other agents' batches."""

FEW_FILTERS = 31
"""Topic filters of a client for which the settings of every broker suffice."""


def client_of(workload: Workload) -> str:
    """Returns the broker's client that the replicas of a workload connect as, which is the name of its credentials."""
    return workload.slug if workload.role == "agent" else workload.topic


@dataclass(frozen=True)
class PlanRendering(ABC):
    """A blueprint and the plan that was made of it, to be rendered into manifests.

    Attributes:
        blueprint: The blueprint that the plan was made of.
        plan: The plan; what it did not place gets no manifest.
        replays: What the stand-in of a replica replays, by address of replica; replicas without an entry run their
            own command.
        attachments: Files of the repository that become part of manifests.
    """

    blueprint: Blueprint
    plan: Plan
    replays: Mapping[str, Replay] = field(default_factory=dict)
    attachments: Attachments = NO_ATTACHMENTS

    @abstractmethod
    def manifests(self) -> Iterable[Manifest]:
        """Yields every manifest of the plan, in no order."""

    @abstractmethod
    def url_of(self, replica: Placement, alone: bool) -> str | None:
        """Returns the URL at which others reach a replica, None where it listens on no port (see `UrlOf`)."""

    def prerequisites(self) -> tuple[Prerequisite, ...]:
        """Returns what the manifests name and do not contain; a target that makes everything itself has none."""
        return ()

    def advice(self) -> tuple[Advice, ...]:
        """Returns what the plan says and the target does not enforce; a target that enforces all it says has none."""
        return ()

    @property
    def stack(self) -> str:
        """Returns the stack's name."""
        return self.blueprint.stack.metadata.name

    @cached_property
    def workloads(self) -> dict[str, Workload]:
        """Returns every workload of the blueprint by its address."""
        return {workload.address: workload for workload in workloads_of(self.blueprint)}

    @cached_property
    def replicas(self) -> tuple[Placement, ...]:
        """Returns the placements of services: all but those of agents and of the broker."""
        return tuple(placement for placement in self.plan.placements if not placement.system)

    @cached_property
    def instances(self) -> Mapping[str, tuple[str, ...]]:
        """Returns the names of the placed replicas, agents too, by the address of their workload."""
        found: dict[str, list[str]] = defaultdict(list)
        for placement in self.plan.placements:
            found[placement.workload].append(placement.instance)
        return {address: tuple(names) for address, names in found.items()}

    @cached_property
    def connected(self) -> frozenset[str]:
        """Returns the pipelines whose services are given the broker's address; empty where there is no broker."""
        return frozenset(connected_pipelines(self.blueprint))

    @cached_property
    def receivers(self) -> frozenset[str]:
        """Returns the agents that receive reports for another one, which judges: they keep nothing that has to last."""
        return receivers_of(self.plan.shares)

    def service_of(self, workload: Workload, placement: Placement) -> Service:
        """Returns the service that a replica runs, with the fields of its variant.

        An agent that receives needs no memory for windows, unless the stack states how much agents get. The plan keeps
        room for them nevertheless, so that any agent can judge where it is.
        """
        service = service_with_variant(workload, placement.variant)
        stated = self.blueprint.stack.spec.agents
        memory = service.requests.memory
        if placement.instance not in self.receivers or memory is None or memory.rss is None:
            return service
        if "requests" in stated.model_fields_set and stated.requests.memory is not None:
            return service
        less = memory.model_copy(update={"rss": min(memory.rss, DEFAULT_MEMORY)})
        return service.model_copy(update={"requests": service.requests.model_copy(update={"memory": less})})

    @cached_property
    def grants(self) -> Mapping[str, Grants]:
        """Returns what each client of the broker may do, by the client's name, sorted; empty where there is no broker.

        The clients are the operator, and one a service and one a pipeline's agents: replicas share their service's.
        """
        if not self.connected:
            return {}
        found = {OPERATOR: operator_grants(self.stack)}
        by_client: dict[str, list[str]] = defaultdict(list)
        for address, workload in self.workloads.items():
            if workload.role == "agent":
                found[client_of(workload)] = agent_grants(self.stack, self.instances.get(address, ()))
            elif self.is_connected(workload):
                by_client[client_of(workload)] += self.instances.get(address, ())
        found |= {client: service_grants(self.stack, client, names) for client, names in by_client.items()}
        return dict(sorted(found.items()))

    @cached_property
    def broker_filters(self) -> int:
        """Returns how many topic filters one agent may need, at most; 0 where they are few.

        An agent that is alone hears whole services. One of several hears clients: two filters for each, and all of them
        where the others are dead; and for a while those of services, too, where there were more or fewer agents before.
        """
        most = 0
        for pipeline in self.connected:
            services = [item for item in self.workloads.items() if item[1].pipeline == pipeline]
            agents = len(self.instances.get(f"{AGENT_PREFIX}{pipeline}", ()))
            clients = sum(len(self.instances.get(address, ())) for address, _ in services) if agents > 1 else 0
            most = max(most, len({client_of(workload) for _, workload in services}) + 2 * clients + OWN_FILTERS)
        return most if most > FEW_FILTERS else 0

    def is_connected(self, workload: Workload) -> bool:
        """Checks whether the replicas of a workload are clients of the broker."""
        return workload.role == "agent" or workload.pipeline in self.connected

    @cached_property
    def peer_urls(self) -> PeerUrls:
        """Returns who the replicas of each service call."""
        return PeerUrls(self.blueprint, self.replicas, self.url_of)
