"""Workload: a class of replicas to place, of a service or of one member of its ensemble."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rohe_iac.blueprint.language.pipeline import (
    Alternative,
    Balancing,
    Limits,
    Memory,
    Pipeline,
    Port,
    Requests,
    Service,
    Variant,
)
from rohe_iac.blueprint.language.placement import PlacementRules, WantedLabel, joined_label
from rohe_iac.blueprint.language.stack import Agents, StackSpec
from rohe_iac.blueprint.linked.agent_memory import AgentMemory, agent_memory
from rohe_iac.blueprint.linked.amqp import amqp_variables
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.observation import connected_pipelines, observed_pipelines
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.names import NAME_PATTERN
from rohe_iac.foundation.topics import OPERATOR


@dataclass(frozen=True, slots=True)
class Workload:
    """One class of identical replicas.

    Attributes:
        pipeline: The pipeline's name; "" for broker and agents.
        service: The service with the member's fields in place of its own; without ensemble, and variants unchosen.
        member: The member's name; "" where there is none.
        slug: A DNS-1123 label, unique in the stack; an instance is `SLUG-INDEX`.
        topic: The `<service>` level of report topics and the broker's user of a service, unique for each service of
            the stack, and no user of the stack's own.
        role: service, or broker or agent where the stack runs the workload for itself.
        alternatives: The service's variants, of which the planner picks one; empty elsewhere.
    """

    pipeline: str
    service: Service
    member: str
    slug: str
    topic: str
    role: str = "service"
    alternatives: tuple[Variant, ...] = ()

    @property
    def system(self) -> bool:
        """Checks whether the stack runs this workload for itself."""
        return self.role != "service"

    @property
    def address(self) -> str:
        """Returns the full address: service/PIPELINE:NAME[/MEMBER]; of broker and agents broker/NAME, agent/NAME."""
        if self.system:
            return f"{self.role}/{self.service.name}"
        return f"service/{self.pipeline}:{self.service.name}" + (f"/{self.member}" if self.member else "")

    def replica(self, index: int) -> str:
        """Returns a replica's address: replica/PIPELINE:NAME[/MEMBER]/INDEX; agent/NAME/INDEX, broker/NAME/INDEX."""
        if self.system:
            return f"{self.address}/{index}"
        return f"replica/{self.address.removeprefix('service/')}/{index}"

    def instance(self, index: int) -> str:
        """Returns the name of one replica, as processes, client ids and reports carry it."""
        return f"{self.slug}-{index}"


def with_alternative(service: Service, alternative: Alternative) -> Service:
    """Returns the service with every field that the variant or member sets replaced whole."""
    values = {name: getattr(alternative, name) for name in type(alternative).model_fields if name != "name"}
    update = {name: value for name, value in values.items() if value is not None}
    return service.model_copy(update={**update, "ensemble": None, "variants": ()})


def parts_of(service: Service) -> tuple[Service, ...]:
    """Returns what replicas of a service run: each member of its ensemble, or the service itself."""
    if service.ensemble is None:
        return (service,)
    return tuple(with_alternative(service, member) for member in service.ensemble.members)


def service_with_variant(workload: Workload, variant: str) -> Service:
    """Returns the workload's service with the fields of the variant of that name, where it has one."""
    for alternative in workload.alternatives:
        if alternative.name == variant:
            return with_alternative(workload.service, alternative)
    return workload.service


def balancing_of(blueprint: Blueprint, service: Service) -> Balancing:
    """Returns how requests to a service are spread over its replicas: as the service says, else as the stack does."""
    return service.balancing or blueprint.stack.spec.balancing


def workloads_of(blueprint: Blueprint) -> tuple[Workload, ...]:
    """Returns all workloads of the stack, sorted by address, with the broker and agents that the stack needs.

    An observed pipeline needs an agent; the embedded broker is needed by agents, and wherever the stack names it.
    """
    parts: list[tuple[str, Service, str, tuple[Variant, ...]]] = []
    for pipeline in blueprint.pipelines:
        for service in pipeline.spec.services:
            if service.ensemble is not None:
                parts += [
                    (pipeline.metadata.name, with_alternative(service, member), member.name, ())
                    for member in service.ensemble.members
                ]
            else:
                parts.append((pipeline.metadata.name, service, "", service.variants))
    owners: dict[str, set[str]] = {}
    for owner, service, _, _ in parts:
        owners.setdefault(service.name, set()).add(owner)
    named = []
    for pipeline_name, service, member, variants in parts:
        topic = service.name if len(owners[service.name]) == 1 else f"{pipeline_name}-{service.name}"
        named.append((pipeline_name, service, member, variants, topic, topic + (f"-{member}" if member else "")))
    system = _system_workloads(blueprint)
    counts = Counter([slug for *_, slug in named] + [workload.slug for workload in system])
    # Services share the broker's users with what the stack runs for itself: what a user may do is never merged.
    users = Counter(topic for _, _, topic in {(owner, service.name, topic) for owner, service, _, _, topic, _ in named})
    users.update([OPERATOR, *(workload.slug for workload in system)])
    services = [
        Workload(
            pipeline=pipeline_name,
            service=service,
            member=member,
            slug=_unique_name(slug, f"{pipeline_name}:{service.name}/{member}", counts[slug] > 1),
            topic=_unique_name(topic, f"{pipeline_name}:{service.name}", users[topic] > 1),
            alternatives=variants,
        )
        for pipeline_name, service, member, variants, topic, slug in named
    ]
    return tuple(sorted([*services, *system], key=lambda workload: workload.address))


def _unique_name(text: str, origin: str, ambiguous: bool) -> str:
    # 52 characters leave room for "-INDEX"; a digest of the origin keeps names apart that would be equal otherwise.
    if not ambiguous and len(text) <= 52 and NAME_PATTERN.fullmatch(text):
        return text
    return f"{text[:45].rstrip('-')}-{sha256_hex(origin.encode())[:6]}"


def _system_workloads(blueprint: Blueprint) -> list[Workload]:
    spec = blueprint.stack.spec
    system = []
    if spec.broker.embedded is not None and connected_pipelines(blueprint):
        mqtt = "mqtts" if spec.broker.embedded.tls and spec.target.local is None else "mqtt"
        names = (mqtt, "nats", "monitor") if spec.broker.embedded.server == "nats" else (mqtt,)
        ports = tuple(Port(name=name) for name in names)
        broker = Service(
            name="broker",
            ports=ports,
            requests=spec.broker.embedded.requests,
            arch=spec.broker.embedded.arch,
            placement=spec.broker.embedded.placement,
            priority=1_000_000,
        )
        system.append(Workload("", broker, "", "rohe-broker", "rohe-broker", role="broker"))
    observed = observed_pipelines(blueprint)
    slugs = {
        pipeline.metadata.name: f"rohe-agent-{pipeline.metadata.name}"[:52].rstrip("-")
        for pipeline in blueprint.pipelines
    }
    counts = Counter(slugs.values())
    for pipeline in blueprint.pipelines:
        name = pipeline.metadata.name
        if name not in observed:
            continue
        agent = Service(
            name=name,
            image=spec.agents.image,
            env=amqp_variables(spec.amqp),
            replicas=spec.agents.per_pipeline,
            requests=_agent_requests(spec.agents, agent_memory(pipeline, blueprint.contracts)),
            limits=Limits(),
            arch=spec.agents.arch,
            placement=agent_placement(spec),
            priority=1_000_000,
        )
        slug = _unique_name(slugs[name], name, counts[slugs[name]] > 1)
        system.append(Workload("", agent, "", slug, "rohe-agent", role="agent"))
    return system


def agent_placement(spec: StackSpec) -> PlacementRules:
    """Returns where agents may go: by their own rules, and by those of the store, which is a file of an agent."""
    own, store = spec.agents.placement, spec.store.placement
    if not store.model_fields_set:
        return own
    return PlacementRules.model_construct(
        node_selector={**own.node_selector, **_joined_selector(own, store)},
        prefer=own.prefer + store.prefer,
        tolerations=own.tolerations + store.tolerations,
        spread=own.spread + store.spread,
        avoid=own.avoid + store.avoid,
        near=own.near + store.near,
    )


def _joined_selector(own: PlacementRules, store: PlacementRules) -> dict[str, WantedLabel]:
    """Returns what the store asks of labels, with what agents ask of the same ones; checks refuse what has no join."""
    return {
        key: joined_label(own.node_selector[key], wanted) or wanted if key in own.node_selector else wanted
        for key, wanted in store.node_selector.items()
    }


def _agent_requests(agents: Agents, memory: AgentMemory) -> Requests:
    if "requests" in agents.model_fields_set and agents.requests.memory is not None:
        return agents.requests
    return agents.requests.model_copy(update={"memory": Memory.model_construct(rss=memory.request)})


def pipeline_of(blueprint: Blueprint, name: str) -> Pipeline:
    """Returns the pipeline of that name.

    Raises:
        KeyError: The stack has no such pipeline.
    """
    for pipeline in blueprint.pipelines:
        if pipeline.metadata.name == name:
            return pipeline
    raise KeyError(name)
