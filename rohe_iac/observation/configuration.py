"""Configuration: everything that an agent gets from its stack, as canonical JSON beside its manifest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

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
    """

    instance: str
    topic: str
    service: str
    member: str = ""
    node: str = ""
    workload: str = ""
    reports: bool = False


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


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent observes and judges.

    Attributes:
        stack: Name of the stack.
        pipeline: Name of the pipeline.
        agent: Name of the agent, its client identifier.
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
    v: int = VERSION

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
    def lateness(self) -> float:
        """Returns the seconds by which reports may be out of order: the largest lateness of any contract."""
        return max((contract.lateness for contract in self.contracts), default=2.0)


def configuration_of(blueprint: Blueprint, pipeline_name: str, agent: str, instances: Iterable[Instance]) -> bytes:
    """Returns the configuration of an agent as canonical JSON.

    The bytes do not depend on the order in which services, members and contracts are written.

    Args:
        blueprint: Blueprint of the stack.
        pipeline_name: Name of the pipeline.
        agent: Name of the agent.
        instances: Replicas whose reports belong to the pipeline.

    Raises:
        UnusableContract: A contract cannot be judged.
        KeyError: The stack has no such pipeline.
    """
    # An agent only reads configurations, and so never imports the language's models.
    from rohe_iac.blueprint.linked.workload import pipeline_of

    pipeline = pipeline_of(blueprint, pipeline_name)
    services = tuple(
        ServiceSpec(
            name=service.name,
            calls=tuple(sorted({link.to for link in pipeline.spec.flow if link.from_ == service.name})),
            members=tuple(sorted(member.name for member in service.ensemble.members)) if service.ensemble else (),
        )
        for service in sorted(pipeline.spec.services, key=lambda service: service.name)
    )
    configuration = Configuration(
        stack=blueprint.stack.metadata.name,
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
    )
    return canonical_json(msgspec.to_builtins(configuration))


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
    """Returns the SHA-256 of the configuration without its instances, so that it changes only with what is judged."""
    without_instances = msgspec.structs.replace(configuration, instances=())
    return sha256_hex(canonical_json(msgspec.to_builtins(without_instances)))
