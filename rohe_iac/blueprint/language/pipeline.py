"""Pipeline: an ML workflow of services and the links between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Strict,
    Tag,
    WithJsonSchema,
    model_validator,
)

from rohe_iac.blueprint.language.base import (
    EMPTY,
    NUMBER,
    BitsPerSecond,
    Bytes,
    Flag,
    Metadata,
    Millicores,
    Model,
    Name,
    Rate,
    Ratio,
    Seconds,
    Share,
    check_exactly_one,
    fault,
    schema_requiring,
    schema_requiring_one,
)
from rohe_iac.blueprint.language.container import Image, InnerPath, VariableName
from rohe_iac.blueprint.language.placement import PlacementRules, Reserve
from rohe_iac.blueprint.language.pods.cluster_pod import ClusterPod
from rohe_iac.blueprint.language.pods.probe import Health

PortNumber = Annotated[int, Strict(), Field(ge=1, le=65535)]


Probability = Annotated[
    Ratio,
    Field(ge=0, le=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": rf"{NUMBER}%?\s*$"},
            ]
        }
    ),
]


Balancing = Literal["random", "roundRobin", "leastBusy"]
"""How requests to a service are spread over its replicas."""


def _validate_replicas(value: object) -> Any:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000):
        return value
    hint = ""
    if isinstance(value, str):
        hint = f"write {value} without quotes" if value.isdecimal() and len(value) < 10 else "write 2, or auto"
    raise fault("R108", "expected a whole number of replicas of at least 0, or auto", hint)


Replicas = Annotated[
    int | Literal["auto"],
    PlainValidator(_validate_replicas),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"const": "auto"}]}),
]


class Port(Model):
    """A port that a replica listens on. `hostPort` fixes it on the node; else the local target takes the plan's."""

    name: Name
    container_port: PortNumber | None = None
    service_port: PortNumber | None = None
    host_port: PortNumber | None = None
    protocol: Literal["TCP", "UDP"] = "TCP"


class SecretReference(Model):
    """The source of a secret value: a key of a named secret; locally `env:NAME` or `file:PATH` as the name."""

    name: str
    key: str = ""


def _form_tag(value: object) -> str:
    if isinstance(value, str):
        return "<text>"
    return "<mapping>" if isinstance(value, dict | Model) else "<neither>"


def _validate_source(text: str) -> str:
    if not text.startswith(("env:", "file:")) or text.endswith(":"):
        raise fault(
            "R118", "expected a secret as {name, key}, env:NAME or file:PATH", "never write the secret itself here"
        )
    return text


def _text_or_mapping(message: str) -> Discriminator:
    return Discriminator(
        _form_tag, custom_error_type="R108", custom_error_message="{message}", custom_error_context={"message": message}
    )


Secret = Annotated[
    Annotated[
        str,
        AfterValidator(_validate_source),
        Tag("<text>"),
        WithJsonSchema({"type": "string", "pattern": "^(env|file):.*[^:]$"}),
    ]
    | Annotated[SecretReference, Tag("<mapping>")],
    _text_or_mapping("expected a secret as {name, key}, env:NAME or file:PATH"),
]


class SecretValue(Model):
    """An environment value that is a secret, resolved at apply."""

    secret: Secret


Variable = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[SecretValue, Tag("<mapping>")],
    _text_or_mapping("expected text (in quotes, where it looks like a number) or {secret: ...}"),
]


class File(Model):
    """A file of the repository that is mounted into a replica."""

    path: InnerPath
    from_: Annotated[str, Field(alias="from")]


class Volume(Model):
    """Disk space of a replica: named with a size, or an emptyDir that ends with the replica."""

    model_config = ConfigDict(
        json_schema_extra={
            **schema_requiring_one("name", "emptyDir"),
            "if": schema_requiring("name"),
            "then": schema_requiring("size"),
        }
    )

    path: InnerPath
    name: Name | None = None
    size: Bytes | None = None
    empty_dir: Bytes | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Volume:
        if (self.name is None) == (self.empty_dir is None):
            raise fault("R116", "a volume has either a name with a size, or an emptyDir")
        if self.name is not None and self.size is None:
            raise fault("R107", "a named volume needs a size", "add size: 1Gi")
        return self


class Memory(Model):
    """Resident and virtual bytes; an absent `vms` is not checked."""

    rss: Bytes
    vms: Bytes | None = None


class AcceleratorRequest(Model):
    """A share of ONE device of the type, or a count of whole devices of the named models, and memory of each device."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("share", "count"))

    share: Annotated[Share, Field(gt=0, le=10000)] | None = None
    count: Annotated[int, Strict(), Field(ge=1, le=10**9)] | None = None
    memory: Annotated[Bytes, Field(gt=0)] | None = None
    models: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_measure(self) -> AcceleratorRequest:
        check_exactly_one(self, "share", "count")
        return self


class Requests(Model):
    """The demand of one replica, in independent dimensions; `cores` are peaks per distinct core."""

    cpu: Millicores = 0
    cores: tuple[Millicores, ...] = ()
    memory: Memory | None = None
    accelerators: dict[str, AcceleratorRequest] = EMPTY
    disk: Bytes = 0
    network: BitsPerSecond = 0


class Limits(Model):
    """Upper bounds while running; absent: memory and disk are bounded by their requests, cpu is not."""

    cpu: Millicores | None = None
    memory: Bytes | None = None
    disk: Bytes | None = None


class ReportedMetric(Model):
    """A metric that a service reports, with its unit."""

    unit: str = "count"


class Reports(Model):
    """The metrics and fields that a service reports to the agent."""

    format: Literal["rohe", "qoa4ml"] = "rohe"
    interval: Annotated[Seconds, Field(gt=0)] | None = None
    metrics: dict[str, ReportedMetric] | None = None
    fields: tuple[str, ...] = ()


class Alternative(Model):
    """The fields that a variant or a member may set; each replaces the service's whole field."""

    name: Name
    image: Image | None = None
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    env: dict[VariableName, Variable] | None = None
    requests: Requests | None = None
    limits: Limits | None = None
    accuracy: Probability | None = None
    profile: str | None = None


class Variant(Alternative):
    """One of several alternatives, of which the planner picks exactly one for the service."""


class Member(Alternative):
    """One of several parts of an ensemble, all of which answer every request."""

    replicas: Replicas | None = None


class Ensemble(Model):
    """Members that all answer every request."""

    members: Annotated[tuple[Member, ...], Field(min_length=1)]


class Service(Model):
    """One container or process of a pipeline, replicated."""

    name: Name
    image: Image | None = None
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = "."
    replicas: Replicas = 1
    balancing: Balancing | None = None
    ports: tuple[Port, ...] = ()
    env: dict[VariableName, Variable] = EMPTY
    files: tuple[File, ...] = ()
    volumes: tuple[Volume, ...] = ()
    health: Health = Health.model_construct()
    termination_grace_period: Annotated[Seconds, Field(le=10**6)] | None = None
    requests: Requests = Requests.model_construct()
    limits: Limits = Limits.model_construct()
    arch: tuple[str, ...] = ()
    sensitivity: Literal["none", "cpu", "memory", "cpu+memory"] = "none"
    priority: Annotated[int, Strict(), Field(ge=-(10**9), le=10**9)] = 0
    profile: str | None = None
    placement: PlacementRules = PlacementRules.model_construct()
    reserve: Reserve | None = None
    reports: Reports = Reports.model_construct()
    kubernetes: ClusterPod = ClusterPod.model_construct()
    accuracy: Probability | None = None
    variants: tuple[Variant, ...] = ()
    ensemble: Ensemble | None = None


class Link(Model):
    """A flow from one service to another: bytes per request, and what the network must provide."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    payload: Bytes | None = None
    latency: Seconds | None = None
    bandwidth: BitsPerSecond | None = None
    rate: Annotated[float, Strict(), Field(gt=0, le=1e6)] = 1.0


class PipelineSpec(Model):
    """The services of a pipeline, their flow, and the requests per second that are offered at its sources."""

    load: Rate | None = None
    gang: Flag = False
    services: Annotated[tuple[Service, ...], Field(min_length=1)]
    flow: tuple[Link, ...] = ()


class Pipeline(Model):
    """A document of kind Pipeline."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Pipeline"] = "Pipeline"
    metadata: Metadata
    spec: PipelineSpec
