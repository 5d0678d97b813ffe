"""Placement rules: which nodes the replicas of a service may go to, and beside which others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from rohe_iac.blueprint.language.base import EMPTY, Flag, Model, Seconds, fault


class Toleration(Model):
    """A taint that a replica tolerates, without end or for so many seconds."""

    key: str = ""
    operator: Literal["Exists", "Equal"] = "Equal"
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Seconds | None = None

    @model_validator(mode="after")
    def _bounded_effect(self) -> Toleration:
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise fault("R116", "tolerationSeconds is about the effect NoExecute alone", "add effect: NoExecute")
        return self


class Spread(Model):
    """At most so many replicas of the service in one domain, or so many more than in the domain that has fewest."""

    topology_key: str
    max_per_domain: Annotated[int, Strict(), Field(ge=1, le=10**9)] | None = None
    max_skew: Annotated[int, Strict(), Field(ge=1, le=10**9)] | None = None
    required: Flag = True

    @model_validator(mode="after")
    def _preferred_skew(self) -> Spread:
        if not self.required and (self.max_skew is None or self.max_per_domain is not None):
            raise fault(
                "R116",
                "required: false is about maxSkew alone",
                "write {topologyKey: zone, maxSkew: 1, required: false}",
            )
        return self

    @property
    def limit(self) -> int | None:
        """Returns the most replicas in one domain: one, where neither limit is written; None for any number."""
        return 1 if self.max_per_domain is None and self.max_skew is None else self.max_per_domain


class Affinity(Model):
    """Another service to stay away from, or near to, within a domain."""

    service: str
    topology_key: str = "node"
    required: Flag = True


class Reserve(Model):
    """Room that is kept free for replicas to come."""

    update: Annotated[int, Strict(), Field(ge=0, le=10**6)] = 0


class PreferredNodes(Model):
    """Labels that nodes preferably have, all of them, with a weight among the preferences of the service."""

    node_selector: Annotated[dict[str, str], Field(min_length=1)]
    weight: Annotated[int, Strict(), Field(ge=1, le=100)] = 1


class PlacementRules(Model):
    """Rules about the nodes where replicas may go."""

    node_selector: dict[str, str] = EMPTY
    prefer: tuple[PreferredNodes, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    spread: tuple[Spread, ...] = ()
    avoid: tuple[Affinity, ...] = ()
    near: tuple[Affinity, ...] = ()
