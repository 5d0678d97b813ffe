"""Local flows of a blueprint: which flows stay within domains, and which domain a node is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rohe_iac.blueprint.linked.blueprint import Blueprint


@dataclass(frozen=True)
class LocalFlows:
    """The flows of a blueprint that are `within` the domains of a topology key.

    Attributes:
        blueprint: The blueprint.
    """

    blueprint: Blueprint

    def domain(self, node: str, key: str) -> str | None:
        """Returns the domain of a node under a topology key; None where the node has no such label."""
        return node if key == "node" else self._labels.get(node, {}).get(key)

    @cached_property
    def keys(self) -> Mapping[tuple[str, str, str], str]:
        """The topology key of each local flow, by its pipeline and the services that send and receive."""
        return {
            (pipeline.metadata.name, link.from_, link.to): link.within
            for pipeline in self.blueprint.pipelines
            for link in pipeline.spec.flow
            if link.within is not None
        }

    @cached_property
    def _labels(self) -> Mapping[str, Mapping[str, str]]:
        return {node.name: node.labels for node in self.blueprint.inventory.spec.nodes}
