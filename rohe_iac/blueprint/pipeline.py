"""Pipeline: an ML workflow of services and the links between them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rohe_iac.blueprint.base import BitsPerSecond, Bytes, Metadata, Millicores, Model, Name, Rate, Seconds, Share


class Port(Model):
    """A port a replica listens on. `hostPort` fixes it on the node; the local target numbers the others by the plan."""

    name: Name
    container_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    service_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    host_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    protocol: Literal["TCP", "UDP"] = "TCP"


class SecretReference(Model):
    """Where a secret value comes from: a key of a named secret; locally `env:NAME` or `file:PATH` as the name."""

    name: str
    key: str = ""


class SecretValue(Model):
    """An environment value that is a secret, resolved at apply."""

    secret: SecretReference | Annotated[str, Field(pattern=r"^(env|file):.+$")]


class File(Model):
    """A file of the repository put before a replica."""

    path: str
    from_: Annotated[str, Field(alias="from")]


class Volume(Model):
    """Disk space of a replica: named with a size, or an emptyDir that ends with the replica."""

    path: str
    name: Name | None = None
    size: Bytes | None = None
    empty_dir: Bytes | None = None


class HttpProbe(Model):
    """Healthy when GET answers 200 to 399."""

    path: str = "/"
    port: Name


class Probe(Model):
    """One way of asking a replica for its health."""

    http: HttpProbe | None = None
    tcp: Name | None = None


class Health(Model):
    """When a replica is ready, when it lives, and how long it may take to start (seconds)."""

    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Seconds = 30.0


class Memory(Model):
    """Resident and virtual bytes; an absent `vms` is not checked."""

    rss: Bytes
    vms: Bytes | None = None


class AcceleratorRequest(Model):
    """A share of ONE device of the type, or a count of whole devices of the named models."""

    share: Annotated[Share, Field(gt=0, le=10000)] | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    models: tuple[str, ...] = ()


class Requests(Model):
    """What one replica asks for, in independent dimensions; `cores` are peaks per distinct core."""

    cpu: Millicores = 0
    cores: tuple[Millicores, ...] = ()
    memory: Memory | None = None
    accelerators: dict[str, AcceleratorRequest] = {}


class Limits(Model):
    """Upper bounds while running; absent: memory is bounded by the rss request, cpu is not."""

    cpu: Millicores | None = None
    memory: Bytes | None = None


class Toleration(Model):
    """A taint that a replica puts up with."""

    key: str = ""
    operator: Literal["Exists", "Equal"] = "Equal"
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class Spread(Model):
    """At most so many replicas of the service in one domain."""

    topology_key: str
    max_per_domain: Annotated[int, Field(ge=1)] = 1


class Affinity(Model):
    """Another service to stay away from, or near to, within a domain."""

    service: str
    topology_key: str = "node"
    required: bool = True


class PlacementRules(Model):
    """Where replicas may go."""

    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    spread: tuple[Spread, ...] = ()
    avoid: tuple[Affinity, ...] = ()
    near: tuple[Affinity, ...] = ()


class ReportedMetric(Model):
    """A metric that a service reports, with its unit."""

    unit: str = "count"


class Reports(Model):
    """What a service says of itself to the agent."""

    format: Literal["rohe", "qoa4ml"] = "rohe"
    interval: Seconds | None = None
    metrics: dict[str, ReportedMetric] | None = None
    fields: tuple[str, ...] = ()


class Alternative(Model):
    """What a variant or a member may set; what it sets replaces the service's whole field."""

    name: Name
    image: str | None = None
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    env: dict[str, str | SecretValue] | None = None
    requests: Requests | None = None
    limits: Limits | None = None
    accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    profile: str | None = None


class Variant(Alternative):
    """One of several alternatives, of which the planner picks exactly one for the service."""


class Member(Alternative):
    """One of several parts of an ensemble, all of which answer every request."""

    replicas: Annotated[int, Field(ge=0)] | Literal["auto"] | None = None


class Ensemble(Model):
    """All members answer every request."""

    members: Annotated[tuple[Member, ...], Field(min_length=1)]


class Service(Model):
    """One container or process of a pipeline, replicated."""

    name: Name
    image: str | None = None
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = "."
    replicas: Annotated[int, Field(ge=0)] | Literal["auto"] = 1
    ports: tuple[Port, ...] = ()
    env: dict[str, str | SecretValue] = {}
    files: tuple[File, ...] = ()
    volumes: tuple[Volume, ...] = ()
    health: Health = Health()
    requests: Requests = Requests()
    limits: Limits = Limits()
    arch: tuple[str, ...] = ()
    sensitivity: Literal["none", "cpu", "memory", "cpu+memory"] = "none"
    priority: int = 0
    profile: str | None = None
    placement: PlacementRules = PlacementRules()
    reports: Reports = Reports()
    accuracy: Annotated[float, Field(ge=0, le=1)] | None = None
    variants: tuple[Variant, ...] = ()
    ensemble: Ensemble | None = None


class Link(Model):
    """A flow from one service to another: bytes a request, and what the network must give it."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    payload: Bytes | None = None
    latency: Seconds | None = None
    bandwidth: BitsPerSecond | None = None
    rate: Annotated[float, Field(gt=0)] = 1.0


class PipelineSpec(Model):
    """The services of a pipeline, their flow, and the offered requests a second at its sources."""

    load: Rate | None = None
    services: Annotated[tuple[Service, ...], Field(min_length=1)]
    flow: tuple[Link, ...] = ()


class Pipeline(Model):
    """A document of kind Pipeline."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Pipeline"] = "Pipeline"
    metadata: Metadata
    spec: PipelineSpec
