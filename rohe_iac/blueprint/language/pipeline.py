"""Pipeline: an ML workflow of services and the links between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
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
    RepositoryPath,
    Seconds,
    Share,
    allow_mapping_by_name,
    check_exactly_one,
    fault,
    schema_requiring_one,
)
from rohe_iac.blueprint.language.container import Image, InnerPath, ProcessText, SecretName, VariableName
from rohe_iac.blueprint.language.placement import PlacementRules, Reserve
from rohe_iac.blueprint.language.pods.cluster_pod import ClusterPod
from rohe_iac.blueprint.language.pods.probe import Health
from rohe_iac.blueprint.language.pods.user import Labels, User
from rohe_iac.blueprint.language.pods.volume import HostDevice, SharedVolume, Volume
from rohe_iac.blueprint.language.scale.replicas import Replicas

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


class _Context(dict[str, Any]):
    """The context of an error, with a hash: a type that has it can be part of a union."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def _text_or_mapping(message: str) -> Discriminator:
    return Discriminator(
        _form_tag,
        custom_error_type="R108",
        custom_error_message="{message}",
        custom_error_context=_Context(message=message),
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
    Annotated[ProcessText, Tag("<text>")] | Annotated[SecretValue, Tag("<mapping>")],
    _text_or_mapping("expected text (in quotes, where it looks like a number) or {secret: ...}"),
]


class EnvSource(Model):
    """Several environment variables at once: a file of the repository with them, or a secret that holds them."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("file", "secret"))

    file: RepositoryPath | None = None
    secret: Secret | None = None

    @model_validator(mode="after")
    def _one_source(self) -> EnvSource:
        check_exactly_one(self, "file", "secret")
        return self


class File(Model):
    """A file of the repository, or the value of a secret, that is mounted into a replica."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("from", "secret"))

    path: InnerPath
    from_: Annotated[RepositoryPath | None, Field(alias="from")] = None
    secret: Secret | None = None

    @model_validator(mode="after")
    def _one_source(self) -> File:
        check_exactly_one(self, "from_", "secret")
        return self


class InitStep(Model):
    """A command that runs to its end before each start of a replica, with its user, volumes and variables."""

    name: Name
    image: Image | None = None
    command: tuple[ProcessText, ...] = ()
    args: tuple[ProcessText, ...] = ()
    env: dict[VariableName, Variable] = EMPTY


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


def _expand_short_share(value: object) -> object:
    # The short form `gpu: 40%` states the share alone. A whole number may mean devices or shares, which is a fault.
    if isinstance(value, str) and value.rstrip().endswith("%"):
        return {"share": value}
    if isinstance(value, float) and 0 < value < 1:
        return {"share": value}
    return value


ShortShare = Annotated[
    str,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": rf"{NUMBER}%\s*$"},
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            ]
        }
    ),
]
"""The short form of a request for an accelerator."""


class Requests(Model):
    """The demand of one replica, in independent dimensions; `cores` are peaks per distinct core."""

    cpu: Millicores = 0
    cores: tuple[Millicores, ...] = ()
    memory: Memory | None = None
    accelerators: dict[
        str,
        Annotated[
            AcceleratorRequest,
            BeforeValidator(_expand_short_share, json_schema_input_type=AcceleratorRequest | ShortShare),
        ],
    ] = EMPTY
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
    command: tuple[ProcessText, ...] | None = None
    args: tuple[ProcessText, ...] | None = None
    working_dir: RepositoryPath | None = None
    env: dict[VariableName, Variable] | None = None
    health: Health | None = None
    requests: Requests | None = None
    limits: Limits | None = None
    accuracy: Probability | None = None
    profile: RepositoryPath | None = None


class Variant(Alternative):
    """One of several alternatives, of which the planner picks exactly one for the service."""


class Member(Alternative):
    """One of several parts of an ensemble, all of which answer every request, on nodes of its own where it says so."""

    replicas: Replicas | None = None
    arch: tuple[str, ...] | None = None
    placement: PlacementRules | None = None
    files: tuple[File, ...] | None = None
    volumes: tuple[Volume, ...] | None = None


class Ensemble(Model):
    """Members that all answer every request."""

    members: Annotated[tuple[Member, ...], Field(min_length=1)]


class Service(Model):
    """One container or process of a pipeline, replicated."""

    name: Name
    labels: Labels = EMPTY
    image: Image | None = None
    pull_secrets: tuple[SecretName, ...] = ()
    command: tuple[ProcessText, ...] = ()
    args: tuple[ProcessText, ...] = ()
    working_dir: RepositoryPath = "."
    user: User | None = None
    run_once: Flag = False
    after: tuple[str, ...] = ()
    init: tuple[InitStep, ...] = ()
    replicas: Replicas = 1
    balancing: Balancing | None = None
    ports: tuple[Port, ...] = ()
    env: dict[VariableName, Variable] = EMPTY
    env_from: tuple[EnvSource, ...] = ()
    files: tuple[File, ...] = ()
    volumes: tuple[Volume, ...] = ()
    devices: tuple[HostDevice, ...] = ()
    health: Health = Health.model_construct()
    termination_grace_period: Annotated[Seconds, Field(le=10**6)] | None = None
    requests: Requests = Requests.model_construct()
    limits: Limits = Limits.model_construct()
    arch: tuple[str, ...] = ()
    sensitivity: Literal["none", "cpu", "memory", "cpu+memory"] = "none"
    priority: Annotated[int, Strict(), Field(ge=-(10**9), le=10**9)] = 0
    profile: RepositoryPath | None = None
    placement: PlacementRules = PlacementRules.model_construct()
    reserve: Reserve | None = None
    reports: Reports = Reports.model_construct()
    kubernetes: ClusterPod = ClusterPod.model_construct()
    accuracy: Probability | None = None
    variants: tuple[Variant, ...] = ()
    ensemble: Ensemble | None = None


class Link(Model):
    """A flow from one service to another: bytes per request, what the network must provide, and how far it goes."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    payload: Bytes | None = None
    latency: Seconds | None = None
    bandwidth: BitsPerSecond | None = None
    rate: Annotated[float, Strict(), Field(gt=0, le=1e6)] = 1.0
    within: Annotated[str, Field(min_length=1)] | None = None


class PipelineSpec(Model):
    """The services of a pipeline, their flow, and the requests per second that are offered at its sources."""

    load: Rate | None = None
    gang: Flag = False
    services: Annotated[tuple[Service, ...], Field(min_length=1, json_schema_extra=allow_mapping_by_name)]
    volumes: tuple[SharedVolume, ...] = ()
    flow: tuple[Link, ...] = ()


class Pipeline(Model):
    """A document of kind Pipeline."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Pipeline"] = "Pipeline"
    metadata: Metadata
    spec: PipelineSpec
