"""Demand: what one class of identical replicas asks for, as plain numbers (units as in supply)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rohe_iac.planning.model.saved_fields import BRIEF
from rohe_iac.planning.model.supply import Device

SYSTEM_RANK = 1 << 40
"""The rank of what a stack runs for itself, above every priority that a blueprint can name."""


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Accelerators of one type: a share of ONE device, or `count` whole devices.

    Attributes:
        type: The type.
        share: Basis points of one device; 0 for whole ones.
        count: Whole devices; 0 for a share.
        models: Models that serve; empty: any.
        memory: Bytes of each device's own memory; 0: not checked.
    """

    type: str
    share: int = 0
    count: int = 0
    models: tuple[str, ...] = ()
    memory: int = field(default=0, metadata={BRIEF: True})

    def accepts(self, device: Device) -> bool:
        """Checks whether the device is of the type and, where models are named, of one of them."""
        return device.type == self.type and (not self.models or device.model in self.models)


@dataclass(frozen=True, slots=True)
class Resources:
    """What one replica asks for.

    Attributes:
        cpu: Millicores.
        cores: Peaks in millicores on DISTINCT cores, the largest first.
        rss: Bytes of resident memory.
        vms: Bytes of virtual memory; None: not checked.
        devices: Accelerators, each request of another type.
        disk: Bytes of disk; 0: none is asked for.
        network: Bits a second of the node's network interface; 0: none are asked for.
    """

    cpu: int = 0
    cores: tuple[int, ...] = ()
    rss: int = 0
    vms: int | None = None
    devices: tuple[DeviceRequest, ...] = ()
    disk: int = field(default=0, metadata={BRIEF: True})
    network: int = field(default=0, metadata={BRIEF: True})


@dataclass(frozen=True, slots=True)
class DemandVariant:
    """A variant of the service: its name, what it asks for, and its accuracy in millionths (0: unknown)."""

    name: str
    resources: Resources
    accuracy: int = 0


@dataclass(frozen=True, slots=True)
class TolerationRule:
    """A taint that a replica tolerates; an empty `effect` and, with Exists, an empty `key` match any."""

    key: str
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def covers(self, key: str, value: str, effect: str) -> bool:
        """Checks whether the toleration matches a taint, as Kubernetes does."""
        if self.effect and self.effect != effect:
            return False
        if self.operator == "Exists":
            return self.key in ("", key)
        return self.key == key and self.value == value


@dataclass(frozen=True, slots=True)
class SpreadRule:
    """At most `limit` replicas of this workload in one domain of the key (`node`, `zone` or any label)."""

    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class SkewRule:
    """No domain of the key has over `most` replicas of this workload more than the one with fewest."""

    key: str
    most: int
    required: bool = True


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """What a node's label has to be beyond one value; the key `node` is the node's name.

    Attributes:
        key: The label.
        operator: In, NotIn, Exists or DoesNotExist, as in a node selector of Kubernetes: a node without the label meets
            NotIn.
        values: The values of In and NotIn, sorted.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def accepts(self, value: str | None) -> bool:
        """Checks whether a node with this value of the label is meant; None: it does not have the label."""
        if self.operator == "Exists":
            return value is not None
        if self.operator == "DoesNotExist":
            return value is None
        return (value in self.values) == (self.operator == "In")


@dataclass(frozen=True, slots=True)
class NodePreference:
    """Nodes with all these labels are preferred, by a weight of 1 to 100.

    Attributes:
        labels: Sorted pairs of key and value.
        weight: The weight among the preferences of the demand.
        matches: What labels have to be where that is not one value each, sorted.
    """

    labels: tuple[tuple[str, str], ...]
    weight: int = 1
    matches: tuple[LabelMatch, ...] = field(default=(), metadata={BRIEF: True})

    @property
    def keys(self) -> frozenset[str]:
        """Returns the labels that the preference is about."""
        return frozenset([*(key for key, _ in self.labels), *(match.key for match in self.matches)])


@dataclass(frozen=True, slots=True)
class AffinityRule:
    """Workloads (addresses) to stay away from or near to, in the domains of the key; not `required`: preferred.

    `volume` is the name of the volume that the rule follows from, which they share and one node at a time can mount; ""
    where the rule is one of a service's own.
    """

    workloads: tuple[str, ...]
    key: str
    required: bool = True
    volume: str = field(default="", metadata={BRIEF: True})


@dataclass(frozen=True, slots=True)
class LocalFlowRule(AffinityRule):
    """The near rule of a sender that follows from a local flow, for it reaches no receiver of another domain."""


@dataclass(frozen=True, slots=True)
class PortRequest:
    """A named port. `host` 0: the plan numbers it, where the target has a range."""

    name: str
    host: int = 0
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Demand:
    """One class of identical replicas.

    Attributes:
        workload: Address of the class.
        replica: Address of a replica without its index.
        slug: Name of an instance without its index.
        pipeline, service, member: Names of the pipeline, the service, and the member of an ensemble or "".
        replicas: How many are wanted.
        resources: What each asks for; those of a variant count where there are variants.
        system: Whether the stack runs them for itself.
        note: What people should know about the number of replicas.
        arch: Architectures that its image has; empty: any.
        sensitivity: What its speed depends on: none, cpu, memory or cpu+memory.
        priority: Larger is served first.
        balancing: How requests are spread over the replicas, which sizing counts on: random, roundRobin or leastBusy;
            "" where the stack runs them for itself.
        selector, tolerations: Labels that a node has to have, and taints that it may have.
        matches: What labels of a node have to be where that is not one value each, sorted.
        spread, avoid, near: Rules about other replicas in the same domain.
        skews: How far the numbers of replicas may differ between domains.
        prefers: Labels that nodes preferably have.
        update_room: For how many more replicas there has to be room, so that the service can be updated.
        room: Whether this is such room and not a replica.
        rate: Requests that all replicas serve together in 1000 seconds, where several agents share the reports of a
            pipeline that states its load; else 0.
        hears_near: Whether these are agents that hear what is in their zone or on their node.
        node_share: Basis points of the suitable nodes that have one replica each, which gives the number of replicas; 0
            where it does not depend on the nodes.
        indices: The indices of the replicas, sorted; empty where they count from 0 without a gap. A replica that goes
            with its node leaves a gap, so that those of other nodes keep their names.
        ports: Named ports.
        variants: Alternatives, the preferred one first.
        slowdown: How much longer requests take, in the mean, on a shared node, in millionths of their time alone;
            that of a usual service where no profile has it, 0 where the service is not sensitive.
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
    balancing: str = field(default="", metadata={BRIEF: True})
    selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[TolerationRule, ...] = ()
    spread: tuple[SpreadRule, ...] = ()
    avoid: tuple[AffinityRule, ...] = ()
    near: tuple[AffinityRule, ...] = ()
    ports: tuple[PortRequest, ...] = ()
    variants: tuple[DemandVariant, ...] = ()
    slowdown: int = 0
    skews: tuple[SkewRule, ...] = field(default=(), metadata={BRIEF: True})
    prefers: tuple[NodePreference, ...] = field(default=(), metadata={BRIEF: True})
    update_room: int = field(default=0, metadata={BRIEF: True})
    room: bool = field(default=False, metadata={BRIEF: True})
    rate: int = field(default=0, metadata={BRIEF: True})
    hears_near: bool = field(default=False, metadata={BRIEF: True})
    node_share: int = field(default=0, metadata={BRIEF: True})
    indices: tuple[int, ...] = field(default=(), metadata={BRIEF: True})
    matches: tuple[LabelMatch, ...] = field(default=(), metadata={BRIEF: True})

    @property
    def replica_indices(self) -> Sequence[int]:
        """Returns the indices of the replicas, in rising order."""
        return self.indices or range(self.replicas)

    @property
    def rank(self) -> int:
        """Returns the number by which demands are served, the largest first: of one priority, replicas before room."""
        return SYSTEM_RANK if self.system else 2 * self.priority + (not self.room)


@dataclass(frozen=True, slots=True)
class Edge:
    """A flow between two workloads.

    Attributes:
        source, sink: Addresses of the workloads.
        latency: Most microseconds between every pair of their replicas; None: any.
        bandwidth: Bits a second of the whole flow, of which pairs of replicas carry equal parts, rounded up; None: any.
        rate: Requests of the sink for each of the source, in millionths.
        within: The topology key within whose domains replicas send; "": each replica sends to all of the sink.
    """

    source: str
    sink: str
    latency: int | None = None
    bandwidth: int | None = None
    rate: int = 1_000_000
    within: str = field(default="", metadata={BRIEF: True})


def local_rules(edges: Iterable[Edge]) -> Mapping[str, tuple[LocalFlowRule, ...]]:
    """Returns the rules of all local flows, by the workload that sends."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for edge in edges:
        if edge.within and edge.source != edge.sink:
            found[edge.source].add((edge.sink, edge.within))
    return {source: tuple(LocalFlowRule((sink,), key) for sink, key in sorted(ends)) for source, ends in found.items()}


def with_local_rules(demand: Demand, rules: Mapping[str, tuple[LocalFlowRule, ...]]) -> Demand:
    """Returns the demand with the rules of its local flows among those about services to be near to."""
    own = rules.get(demand.workload)
    return replace(demand, near=(*demand.near, *own)) if own else demand
