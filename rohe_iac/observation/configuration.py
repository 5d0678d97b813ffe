"""Configuration: all that an agent is told, as canonical JSON that goes with its manifest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.observation.contract import ContractSpec
from rohe_iac.observation.from_blueprint import contract_spec

if TYPE_CHECKING:
    from rohe_iac.blueprint.linked.blueprint import Blueprint

VERSION = 1


class UnreadableConfiguration(RoheError):
    """The bytes are no configuration of an agent."""

    exit_code = ExitCode.INVALID


class Instance(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One replica whose reports belong to the pipeline. workload: its address; topic: the service level of topics."""

    instance: str
    topic: str
    service: str
    member: str = ""
    node: str = ""
    workload: str = ""


class ServiceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A service in the flow: whom it calls, and its ensemble's members (empty where it is no ensemble)."""

    name: str
    calls: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent observes and judges. retention in seconds, max_size in bytes."""

    stack: str
    pipeline: str
    agent: str
    services: tuple[ServiceSpec, ...]
    instances: tuple[Instance, ...]
    contracts: tuple[ContractSpec, ...]
    retention: float = 604800.0
    max_size: int = 2 * 2**30
    v: int = VERSION

    @property
    def sources(self) -> tuple[str, ...]:
        """Services that nobody in the flow calls."""
        called = {target for service in self.services for target in service.calls}
        return tuple(service.name for service in self.services if service.name not in called)

    @property
    def ends(self) -> tuple[str, ...]:
        """Services that call nobody."""
        return tuple(service.name for service in self.services if not service.calls)

    def service(self, name: str) -> ServiceSpec | None:
        """The service of that name."""
        return next((service for service in self.services if service.name == name), None)

    def callers(self, name: str) -> tuple[str, ...]:
        """Services that call the one of that name."""
        return tuple(service.name for service in self.services if name in service.calls)

    @property
    def lateness(self) -> float:
        """Seconds that a report may come late: the most that any contract allows."""
        return max((contract.lateness for contract in self.contracts), default=2.0)


def configuration_of(blueprint: Blueprint, pipeline_name: str, agent: str, instances: Iterable[Instance]) -> bytes:
    """The canonical JSON that `decode_configuration` reads; equal blueprints and instances give equal bytes,
    whatever the order in which services, members and contracts are written.

    Errors: UnusableContract; KeyError where the stack has no such pipeline.
    """
    # An agent reads configurations and never makes one: it is spared the language's models.
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
            contract_spec(contract, pipeline)
            for contract in sorted(blueprint.contracts, key=lambda contract: contract.metadata.name)
            if contract.spec.pipeline == pipeline_name
        ),
        retention=blueprint.stack.spec.store.retention,
        max_size=blueprint.stack.spec.store.max_size,
    )
    return canonical_json(msgspec.to_builtins(configuration))


def decode_configuration(content: bytes) -> Configuration:
    """Reads what `configuration_of` wrote.

    Errors: UnreadableConfiguration.
    """
    try:
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
    """The SHA-256 of what is judged and how; where instances run does not matter to it."""
    judged = msgspec.structs.replace(configuration, instances=())
    return sha256_hex(canonical_json(msgspec.to_builtins(judged)))
