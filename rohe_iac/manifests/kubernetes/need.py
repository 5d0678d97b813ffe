"""Need: which workloads have to be ready before another one is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload


@dataclass(frozen=True)
class Needs:
    """Who needs whom: agents the broker, services broker and agent, and each service those that it calls or is after.

    Attributes:
        blueprint: The blueprint.
        workloads: Every workload of the blueprint by its address.
        connected: The pipelines whose services are clients of the broker.
    """

    blueprint: Blueprint
    workloads: Mapping[str, Workload]
    connected: frozenset[str]

    def of(self, workload: Workload) -> tuple[str, ...]:
        """Returns the addresses of the workloads that have to be ready before this one is made, sorted."""
        return self._by_owner.get(_owner(workload), ())

    @cached_property
    def _by_owner(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Returns the needs of each pipeline and service; of the broker and agents, role and name."""
        members: dict[tuple[str, str], list[str]] = {}
        for address, workload in sorted(self.workloads.items()):
            members.setdefault(_owner(workload), []).append(address)
        brokers = members.get(("broker", "broker"), [])
        needs: dict[tuple[str, str], tuple[str, ...]] = {}
        for pipeline in self.blueprint.pipelines:
            name = pipeline.metadata.name
            agents = members.get(("agent", name), [])
            needs["agent", name] = tuple(brokers)
            calls = {service.name: set[str]() for service in pipeline.spec.services}
            for link in pipeline.spec.flow:
                calls[link.from_].add(link.to)
            for item in pipeline.spec.services:
                calls[item.name].update(item.after)
            for service, called in calls.items():
                # Flow and order together have no circles, so neither have needs.
                found = [address for sink in called for address in members.get((name, sink), [])]
                found += [*brokers, *agents] if name in self.connected else []
                needs[name, service] = tuple(sorted(found))
        return needs


def _owner(workload: Workload) -> tuple[str, str]:
    return (workload.role, workload.service.name) if workload.system else (workload.pipeline, workload.service.name)
