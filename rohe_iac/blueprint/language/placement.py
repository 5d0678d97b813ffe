"""Placement rules: which nodes the replicas of a service may go to, and beside which others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from rohe_iac.blueprint.language.base import EMPTY, Flag, Model


class Toleration(Model):
    """A taint that a replica tolerates."""

    key: str = ""
    operator: Literal["Exists", "Equal"] = "Equal"
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class Spread(Model):
    """At most so many replicas of the service in one domain."""

    topology_key: str
    max_per_domain: Annotated[int, Strict(), Field(ge=1, le=10**9)] = 1


class Affinity(Model):
    """Another service to stay away from, or near to, within a domain."""

    service: str
    topology_key: str = "node"
    required: Flag = True


class PlacementRules(Model):
    """Rules about the nodes where replicas may go."""

    node_selector: dict[str, str] = EMPTY
    tolerations: tuple[Toleration, ...] = ()
    spread: tuple[Spread, ...] = ()
    avoid: tuple[Affinity, ...] = ()
    near: tuple[Affinity, ...] = ()
