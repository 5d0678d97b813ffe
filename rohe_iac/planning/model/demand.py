"""Demand: what one class of identical replicas asks for, as plain numbers (units as in supply)."""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM_RANK = 1 << 40
"""The rank of what a stack runs for itself, above every priority that a blueprint can name."""


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Accelerators of one type: a share of ONE device, or `count` whole devices of the models (any where empty)."""

    type: str
    share: int = 0
    count: int = 0
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resources:
    """One replica's amounts. `cores` are peaks on DISTINCT cores; `vms` None: not checked."""

    cpu: int = 0
    cores: tuple[int, ...] = ()
    rss: int = 0
    vms: int | None = None
    devices: tuple[DeviceRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """A variant of the service: its name, accuracy in millionths (0: unknown) and what it asks for."""

    name: str
    resources: Resources
    accuracy: int = 0


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that a replica puts up with; empty `effect` and, with Exists, empty `key` match any."""

    key: str
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def covers(self, key: str, value: str, effect: str) -> bool:
        """Whether it puts up with a taint, as Kubernetes matches them."""
        if self.effect and self.effect != effect:
            return False
        if self.operator == "Exists":
            return self.key in ("", key)
        return self.key == key and self.value == value


@dataclass(frozen=True, slots=True)
class Spread:
    """At most `limit` replicas of this workload in one domain of the key (`node`, `zone` or any label)."""

    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class Affinity:
    """Workloads (addresses) to stay away from or near to, within one domain of the key."""

    workloads: tuple[str, ...]
    key: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class PortRequest:
    """A named port. `host` 0: the plan numbers it, where the target has a range."""

    name: str
    host: int = 0
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Demand:
    """One class of identical replicas.

    workload: its address. replica: address of a replica without its index. slug: name of an instance without its index.
    note: what people should know about the number of replicas. slowdown: how much longer its requests take, in the
    mean, on a node that it shares, in millionths of their time alone; 0 where no profile tells or it is not sensitive.
    """

    workload: str
    replica: str
    slug: str
    pipeline: str
    service: str
    member: str
    replicas: int
    resources: Resources = Resources()
    system: bool = False
    note: str = ""
    arch: tuple[str, ...] = ()
    sensitivity: str = "none"
    priority: int = 0
    selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    spread: tuple[Spread, ...] = ()
    avoid: tuple[Affinity, ...] = ()
    near: tuple[Affinity, ...] = ()
    ports: tuple[PortRequest, ...] = ()
    variants: tuple[Alternative, ...] = ()
    slowdown: int = 0

    @property
    def rank(self) -> int:
        """Returns the number by which demands are served, the largest first: SYSTEM_RANK, or the priority."""
        return SYSTEM_RANK if self.system else self.priority


@dataclass(frozen=True, slots=True)
class Edge:
    """A flow between two workloads: every pair of their replicas needs a connection of at most `latency`.

    bandwidth: what the whole flow needs; pairs of replicas carry equal parts of it, rounded up. None: not asked.
    """

    source: str
    sink: str
    latency: int | None = None
    bandwidth: int | None = None
    rate: int = 1_000_000
