"""Configuration: everything that an agent gets from its stack, as canonical JSON beside its manifest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.json_files.schema import refuse_newer
from rohe_iac.observation.contract import AgentContract
from rohe_iac.observation.from_blueprint import agent_contract

if TYPE_CHECKING:
    from rohe_iac.blueprint.linked.blueprint import Blueprint

VERSION = 1
"""Version of the configuration's form."""


class UnreadableConfiguration(RoheError):
    """The bytes are no configuration of an agent, or one of another version."""

    exit_code = ExitCode.INVALID


class Instance(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One replica whose reports belong to the pipeline.

    Attributes:
        instance: Name of the instance, its client identifier.
        topic: Service level of its report topic.
        service: Name of the service.
        member: Member of the ensemble; "" outside of an ensemble.
        node: Node that the replica runs on.
        workload: Address of the workload.
        reports: Whether the blueprint says that the service reports.
        agent: Name of the agent that hears the replica; "" for the agent that judges.
    """

    instance: str
    topic: str
    service: str
    member: str = ""
    node: str = ""
    workload: str = ""
    reports: bool = False
    agent: str = ""


class ServiceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A service in the flow of the pipeline.

    Attributes:
        name: Name of the service.
        calls: Names of the services that it calls.
        members: Members of the ensemble; empty where the service is no ensemble.
    """

    name: str
    calls: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class AmqpExchange(msgspec.Struct, frozen=True, kw_only=True):
    """Where services report over AMQP, and what the judging agent consumes there.

    Attributes:
        url: Address of the broker, `amqp[s]://HOST[:PORT][/VHOST]`.
        user: Name of the user; the password is elsewhere.
        exchange: Name of the exchange that services publish to.
        type: Type of the exchange, with which it is declared where it is absent: topic, direct or fanout.
        keys: Routing keys with which the queue is bound to the exchange.
        queue: Name of the queue.
    """

    url: str
    user: str
    exchange: str
    queue: str
    type: str = "topic"
    keys: tuple[str, ...] = ("#",)


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent observes and judges.

    Attributes:
        stack: Name of the stack.
        pipeline: Name of the pipeline.
        agent: Name of the agent, its client identifier.
        judge: Name of the agent that keeps the store of the pipeline and judges its contracts; "" for this agent.
        receivers: Names of the agents that receive reports for the judging one, sorted; empty where one agent is alone.
        amqp: Where services report over AMQP as well; only the judging agent listens there.
        services: Services of the pipeline, sorted by name.
        instances: Replicas of the services, sorted.
        contracts: Contracts about the pipeline, sorted by name.
        retention: Seconds for which the store keeps inputs.
        max_size: Size of the store in bytes beyond which old rows are deleted.
        v: Version of the form.
    """

    stack: str
    pipeline: str
    agent: str
    services: tuple[ServiceSpec, ...]
    instances: tuple[Instance, ...]
    contracts: tuple[AgentContract, ...]
    retention: float = 604800.0
    max_size: int = 2 * 2**30
    judge: str = ""
    receivers: tuple[str, ...] = ()
    amqp: AmqpExchange | None = None
    v: int = VERSION

    @property
    def judging_agent(self) -> str:
        """Returns the name of the agent that judges the pipeline's contracts."""
        return self.judge or self.agent

    @property
    def judges(self) -> bool:
        """Checks whether this agent is the one that judges; any other receives reports for it."""
        return self.judging_agent == self.agent

    @property
    def agents(self) -> tuple[str, ...]:
        """Returns the names of the agents of the pipeline, sorted, also of those that the plan has hear no instance."""
        heard_by = {instance.agent or self.judging_agent for instance in self.instances}
        return tuple(sorted({*heard_by, *self.receivers, self.judging_agent, self.agent}))

    def share(self, agent: str) -> tuple[Instance, ...]:
        """Returns the instances that the plan has an agent of the pipeline hear."""
        return tuple(item for item in self.instances if (item.agent or self.judging_agent) == agent)

    @property
    def sources(self) -> tuple[str, ...]:
        """Returns the services that no service of the flow calls."""
        called = {target for service in self.services for target in service.calls}
        return tuple(service.name for service in self.services if service.name not in called)

    @property
    def ends(self) -> tuple[str, ...]:
        """Returns the services that call no service."""
        return tuple(service.name for service in self.services if not service.calls)

    def takes_part(self, name: str) -> bool:
        """Checks whether requests pass the service of that name: it calls or is called, or no service does."""
        flow = [service for service in self.services if service.calls]
        return not flow or any(name == service.name or name in service.calls for service in flow)

    def service(self, name: str) -> ServiceSpec | None:
        """Returns the service of that name; None where there is none."""
        return next((service for service in self.services if service.name == name), None)

    def callers(self, name: str) -> tuple[str, ...]:
        """Returns the services that call the service of that name."""
        return tuple(service.name for service in self.services if name in service.calls)

    @property
    def function_bytes(self) -> int:
        """Returns the bytes of memory that the processes of all user functions may have together."""
        return sum(spec.memory for contract in self.contracts for spec in contract.processing)

    @property
    def lateness(self) -> float:
        """Returns the seconds by which reports may be out of order: the largest lateness of any contract."""
        return max((contract.lateness for contract in self.contracts), default=2.0)


def configuration_of(
    blueprint: Blueprint,
    pipeline_name: str,
    agent: str,
    instances: Iterable[Instance],
    judge: str = "",
    receivers: Iterable[str] = (),
) -> bytes:
    """Returns the configuration of an agent as canonical JSON.

    The bytes do not depend on the order in which services, members and contracts are written.

    Args:
        blueprint: Blueprint of the stack.
        pipeline_name: Name of the pipeline.
        agent: Name of the agent.
        instances: Replicas whose reports belong to the pipeline.
        judge: Name of the agent that judges, where several agents observe the pipeline.
        receivers: Names of the agents that receive reports for it.

    Raises:
        UnusableContract: A contract cannot be judged.
        KeyError: The stack has no such pipeline.
    """
    # An agent only reads configurations, and so never imports the language's models.
    from rohe_iac.blueprint.linked.amqp import routing_keys
    from rohe_iac.blueprint.linked.workload import pipeline_of

    pipeline = pipeline_of(blueprint, pipeline_name)
    stack, amqp = blueprint.stack.metadata.name, blueprint.stack.spec.amqp
    services = tuple(
        ServiceSpec(
            name=service.name,
            calls=tuple(sorted({link.to for link in pipeline.spec.flow if link.from_ == service.name})),
            members=tuple(sorted(member.name for member in service.ensemble.members)) if service.ensemble else (),
        )
        for service in sorted(pipeline.spec.services, key=lambda service: service.name)
    )
    configuration = Configuration(
        stack=stack,
        pipeline=pipeline_name,
        agent=agent,
        services=services,
        instances=tuple(sorted(instances)),
        contracts=tuple(
            agent_contract(contract, pipeline)
            for contract in sorted(blueprint.contracts, key=lambda contract: contract.metadata.name)
            if contract.spec.pipeline == pipeline_name
        ),
        retention=blueprint.stack.spec.store.retention,
        max_size=blueprint.stack.spec.store.max_size,
        judge=judge,
        receivers=tuple(sorted(receivers)),
        amqp=AmqpExchange(
            url=amqp.url,
            user=amqp.user,
            exchange=amqp.exchange,
            queue=f"rohe.{stack}.{pipeline_name}",
            type=amqp.type,
            keys=routing_keys(amqp, pipeline_name),
        )
        if amqp is not None and judge in ("", agent)
        else None,
    )
    return canonical_json(_to_builtins(configuration))


class _Versioned(msgspec.Struct):
    """What every version of a configuration has."""

    v: int = VERSION


def decode_configuration(content: bytes) -> Configuration:
    """Decodes the bytes of `configuration_of`.

    Raises:
        UnreadableConfiguration: The bytes are no configuration, or one of an earlier version.
        NewerFile: A newer rohe wrote the configuration.
    """
    try:
        refuse_newer(msgspec.json.decode(content, type=_Versioned).v, VERSION, "the configuration of the agent")
        configuration = msgspec.json.decode(content, type=Configuration)
    except msgspec.DecodeError as error:
        raise UnreadableConfiguration("this is no configuration of an agent", detail=str(error)) from error
    if configuration.v != VERSION:
        raise UnreadableConfiguration(
            f"the configuration is of version {configuration.v}, this agent reads {VERSION}",
            hint="apply the stack again with the rohe that runs the agent",
        )
    return configuration


def digest_of(configuration: Configuration) -> str:
    """Returns the SHA-256 of what is judged, and how: the configuration without what may change beside that.

    These are its instances, the names of the other agents, where reports come from, and the memory of user functions.
    """
    judged = _to_builtins(msgspec.structs.replace(configuration, instances=(), judge="", receivers=(), amqp=None))
    for contract in judged["contracts"]:
        for processing in contract["processing"]:
            del processing["memory"]
    return sha256_hex(canonical_json(judged))


def shared_digest_of(configuration: Configuration) -> str:
    """Returns the SHA-256 of what all agents of a pipeline have to agree about: all but their names and instances."""
    return digest_of(msgspec.structs.replace(configuration, agent=""))


def _to_builtins(configuration: Configuration) -> dict[str, Any]:
    """Returns the configuration as JSON values; what says that an agent is alone, and hears MQTT alone, is left out.

    So the configuration of such an agent has the same bytes as before there was anything else.
    """
    content: dict[str, Any] = msgspec.to_builtins(configuration)
    if not configuration.judge:
        del content["judge"]
    if not configuration.receivers:
        del content["receivers"]
    if configuration.amqp is None:
        del content["amqp"]
    for instance in content["instances"]:
        if not instance["agent"]:
            del instance["agent"]
    return content
