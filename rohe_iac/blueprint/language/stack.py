"""Stack: which pipelines run on which inventory under which contracts, and how they are planned and applied."""

from __future__ import annotations

import re
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

from rohe_iac.blueprint.hints.value_text import describe_value
from rohe_iac.blueprint.language.base import (
    EMPTY,
    Bytes,
    Days,
    Flag,
    Metadata,
    Model,
    Name,
    Ratio,
    check_exactly_one,
    fault,
    schema_requiring,
    schema_requiring_one,
)
from rohe_iac.blueprint.language.cluster.storage import ClaimStorage, Storage
from rohe_iac.blueprint.language.container import Image, SecretName
from rohe_iac.blueprint.language.inventory import Unreachable
from rohe_iac.blueprint.language.module import InputName
from rohe_iac.blueprint.language.pipeline import (
    Balancing,
    Memory,
    Requests,
    Secret,
    SecretReference,
    SecretValue,
)
from rohe_iac.blueprint.language.placement import PlacementRules, Reserve
from rohe_iac.blueprint.language.transports.amqp import Amqp
from rohe_iac.blueprint.language.transports.broker_url import check_broker_url
from rohe_iac.blueprint.text.secret_text import secret_in
from rohe_iac.foundation.names import is_name

ObjectiveTerm = Literal["placed", "slack", "stable", "interference", "nodes", "cost", "balance"]


def _validate_port_range(text: object) -> str:
    if isinstance(text, int) and not isinstance(text, bool):
        hint = f"write it as {text}-{text + 99}" if 1024 <= text <= 65436 else "for example 42000-42099"
        raise fault("R117", f"expected a range of ports, found the number {str(text)[:40]}", hint)
    if not isinstance(text, str):
        raise fault("R117", f"expected a range of ports, found {describe_value(text)}", "for example 42000-42099")
    match = re.fullmatch(r"(\d{4,5})-(\d{4,5})", text)
    if match is None or not 1024 <= int(match[1]) <= int(match[2]) <= 65535:
        raise fault("R117", f"'{text[:40]}' is not a range of ports within 1024-65535", "for example 42000-42099")
    return text


PortRange = Annotated[
    str, BeforeValidator(_validate_port_range), Field(json_schema_extra={"pattern": r"^[0-9]{4,5}-[0-9]{4,5}$"})
]


class Weights(Model):
    """The weight of each dimension in the score."""

    cpu: Annotated[float, Strict(), Field(ge=0, le=1e6)] = 1.0
    memory: Annotated[float, Strict(), Field(ge=0, le=1e6)] = 1.0
    accelerator: Annotated[float, Strict(), Field(ge=0, le=1e6)] = 1.0


class Queue(Model):
    """Two lanes: services sensitive to `priority` go first, with one other service after every `balance` of them."""

    priority: Literal["none", "cpu", "memory", "cpu+memory"] = "none"
    balance: Annotated[int, Strict(), Field(ge=1, le=10**9)] = 3


class Overcommit(Model):
    """The factor by which a dimension may be given out beyond its capacity."""

    vms: Annotated[Ratio, Field(gt=0, le=1e6)] = 1.0


class Survive(Model):
    """Failures that every service of at least two replicas must survive; a number alone is that of nodes."""

    nodes: Annotated[int, Strict(), Field(ge=0, le=10**9)] = 0
    zones: Annotated[int, Strict(), Field(ge=0, le=10**9)] = 0


def _expand_survive(value: object) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"nodes": value}
    if not isinstance(value, dict | Survive):
        message = f"expected a whole number, or a mapping of nodes and zones, found {describe_value(value)}"
        raise fault("R108", message, "write 1 for failures of nodes, or {nodes: 1, zones: 1}")
    return value


_FAILURES = {"type": "integer", "minimum": 0, "maximum": 10**9}
_SURVIVE = {
    "anyOf": [
        _FAILURES,
        {"type": "object", "properties": {"nodes": _FAILURES, "zones": _FAILURES}, "additionalProperties": False},
    ]
}


class PlannerSettings(Model):
    """Settings of the planner, which places replicas."""

    objective: Annotated[tuple[ObjectiveTerm, ...], Field(min_length=1)] = ("placed", "stable", "nodes")
    strategy: str = "portfolio"
    filters: tuple[str, ...] = ()
    scorers: dict[str, Annotated[float, Strict(), Field(ge=0, le=1e6)]] = EMPTY
    iterations: Annotated[int, Strict(), Field(ge=0, le=10**9)] | None = None
    weights: Weights = Weights.model_construct()
    queue: Queue = Queue.model_construct()
    overcommit: Overcommit = Overcommit.model_construct()
    reserve: Reserve = Reserve.model_construct()
    survive: Annotated[Survive, BeforeValidator(_expand_survive), WithJsonSchema(_SURVIVE)] = Survive.model_construct()


class LocalTarget(Model):
    """This machine: one process for each replica, with ports from the range.

    The default lies below 32768, where Linux begins to take source ports of outgoing connections from.
    """

    runtime: Literal["process", "docker"] = "process"
    ports: PortRange = "24000-24099"


class KubernetesTarget(Model):
    """A Kubernetes cluster."""

    context: str | None = None
    namespace: Name = "default"
    unreachable: Unreachable = "wait"
    pull_secrets: tuple[SecretName, ...] = ()


class ManifestsTarget(Model):
    """A directory of manifests, for GitOps."""

    directory: str


class Target(Model):
    """The place to apply to; exactly one."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("local", "kubernetes", "manifests"))

    local: LocalTarget | None = None
    kubernetes: KubernetesTarget | None = None
    manifests: ManifestsTarget | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Target:
        check_exactly_one(self, "local", "kubernetes", "manifests")
        return self


class BrokerTls(Model):
    """TLS of the broker that the stack runs; with certificate, key and ca of the user's where those are named."""

    client_certificates: Flag = False
    certificate: SecretValue | None = None
    key: SecretValue | None = None
    ca: SecretValue | None = None

    @property
    def given(self) -> dict[str, SecretValue]:
        """Returns the parts that are the user's, by their names."""
        parts = {"certificate": self.certificate, "key": self.key, "ca": self.ca}
        return {name: value for name, value in parts.items() if value is not None}


def _expand_tls(value: object) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if not isinstance(value, dict | BrokerTls):
        message = f"expected true, false or a mapping, found {describe_value(value)}"
        raise fault("R108", message, "write true, or {clientCertificates: true}")
    return value


class _TrueOrMapping:
    """The JSON Schema of a mapping that `true` is the short form of."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        found = handler(schema)
        mappings = [form for form in found.get("anyOf", [found]) if form.get("type") != "null"]
        return {"anyOf": [{"type": "boolean"}, *mappings]}


class EmbeddedBroker(Model):
    """A broker that the stack runs: the NATS server speaks MQTT 3.1.1, mosquitto 5 as well."""

    server: Literal["nats", "mosquitto"] = "nats"
    image: Image | None = None
    requests: Requests = Requests.model_construct(cpu=50, memory=Memory.model_construct(rss=64 * 2**20))
    arch: tuple[str, ...] = ()
    placement: PlacementRules = PlacementRules.model_construct()
    tls: Annotated[BrokerTls | None, BeforeValidator(_expand_tls), _TrueOrMapping()] = None


def _validate_broker_url(text: str) -> str:
    example, login = "mqtts://host:8883", "they come from credentials"
    return check_broker_url(text, "MQTT", ("mqtt", "mqtts", "ws", "wss"), r"(?:/\S*)?", example, login)


BrokerUrl = Annotated[
    str,
    AfterValidator(_validate_broker_url),
    Field(json_schema_extra={"pattern": r"^(mqtts?|wss?)://[^\s/@]+(/\S*)?$"}),
]


def _expand_broker_secret(value: object) -> Any:
    # The short form `secret: broker` names a secret with the keys user and password.
    return SecretReference(name=value) if isinstance(value, str) and ":" not in value else value


_BROKER_SECRET = {
    "anyOf": [
        {"type": "string", "pattern": "^((env|file):.*[^:]|[^:]*)$"},
        {
            "type": "object",
            "properties": {"name": {"type": "string"}, "key": {"type": "string"}},
            "required": ["name"],
            "additionalProperties": False,
        },
    ]
}


class BrokerCredentials(Model):
    """The identity of rohe at the broker: a secret that holds user and password."""

    secret: Annotated[Secret, BeforeValidator(_expand_broker_secret), WithJsonSchema(_BROKER_SECRET)]


def _version_text(value: object) -> object:
    # Without quotes, YAML reads 5 as a number and 3.1.1 as text.
    return "5" if value == 5 and not isinstance(value, bool) else value


class Broker(Model):
    """The MQTT broker: embedded, or another one by its address."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("embedded", "url"))

    embedded: EmbeddedBroker | None = None
    url: BrokerUrl | None = None
    credentials: BrokerCredentials | None = None
    mqtt: Annotated[Literal["5", "3.1.1"], BeforeValidator(_version_text)] | None = None

    @model_validator(mode="after")
    def _one_broker(self) -> Broker:
        check_exactly_one(self, "embedded", "url")
        return self


class MongoStore(Model):
    """A MongoDB that the user runs."""

    uri: SecretValue


class SqliteStore(Model):
    """A file beside the agent."""


class Store(Model):
    """The store of an agent's reports, windows and verdicts."""

    model_config = ConfigDict(json_schema_extra={"not": schema_requiring("sqlite", "mongodb")})

    sqlite: SqliteStore | None = None
    mongodb: MongoStore | None = None
    retention: Annotated[Days, Field(gt=0)] = 604800.0
    max_size: Bytes = 2 * 2**30
    placement: PlacementRules = PlacementRules.model_construct()

    @model_validator(mode="before")
    @classmethod
    def _default_to_sqlite(cls, value: Any) -> Any:
        return (
            {"sqlite": {}, **value} if isinstance(value, dict) and not {"sqlite", "mongodb"} & value.keys() else value
        )

    @model_validator(mode="after")
    def _one_store(self) -> Store:
        check_exactly_one(self, "sqlite", "mongodb")
        return self


class Agents(Model):
    """The observation agents, one or more for each pipeline."""

    per_pipeline: Annotated[int, Strict(), Field(ge=1, le=10**9)] = 1
    near: Literal["services"] | None = None
    image: str = "rohe/agent:0.1.0"
    requests: Requests = Requests.model_construct(cpu=200, memory=Memory.model_construct(rss=128 * 2**20))
    arch: tuple[str, ...] = ()
    placement: PlacementRules = PlacementRules.model_construct()


def _validate_prefix(text: str) -> str:
    if text and not is_name(f"{text}a"):
        meant = re.sub("[^a-z0-9]+", "-", text[:62].lower()).lstrip("-")
        hint = f"'{meant}' would do" if is_name(f"{meant}a") and meant else "write cam1-"
        raise fault("R111", f"'{text[:70]}' begins no name: at most 62 characters a-z, 0-9 and hyphens", hint)
    return text


class ModuleUse(Model):
    """A module taken into the stack under a name."""

    name: Name
    source: str
    inputs: dict[str, Any] = EMPTY
    prefix: Annotated[
        str, AfterValidator(_validate_prefix), Field(json_schema_extra={"pattern": "^([a-z0-9][-a-z0-9]*)?$"})
    ] = ""


def _inventory_tag(value: object) -> str:
    return "<list>" if isinstance(value, list | tuple) else "<text>"


InventoryNames = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[tuple[str, ...], Field(min_length=1), Tag("<list>")],
    Discriminator(_inventory_tag),
]
"""The name of one inventory, or a list of names."""


def _without_secrets(values: dict[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        refuse_secret(name, value)
    return values


def refuse_secret(name: str, value: object) -> None:
    """Refuses a value that is a secret by its name or text, and is written in clear.

    Raises:
        PydanticCustomError: The value would be readable in documents and plan files.
    """
    where = secret_in(name, value)
    if where is not None:
        hint = "write where it is, env:NAME or file:PATH, and use it as {secret: ...}"
        raise fault("R235", f"the value '{name[:63]}' is a secret, and values are kept in clear", hint, (name, *where))


class StackSpec(Model):
    """The documents that belong together and how they are planned, applied and observed."""

    pipelines: Annotated[tuple[str, ...], Field(min_length=1)]
    inventory: InventoryNames
    contracts: tuple[str, ...] = ()
    balancing: Balancing = "random"
    planner: PlannerSettings = PlannerSettings.model_construct()
    target: Target = Target.model_construct(local=LocalTarget.model_construct())
    broker: Broker = Broker.model_construct(embedded=EmbeddedBroker.model_construct())
    amqp: Amqp | None = None
    store: Store = Store.model_construct(sqlite=SqliteStore.model_construct())
    storage: Storage = Storage.model_construct(claim=ClaimStorage.model_construct())
    agents: Agents = Agents.model_construct()
    modules: tuple[ModuleUse, ...] = ()
    values: Annotated[dict[InputName, Any], AfterValidator(_without_secrets)] = EMPTY
    protect: tuple[str, ...] = ()

    @property
    def inventories(self) -> tuple[str, ...]:
        """Returns the names of the inventories, of which the stack has the nodes of all."""
        return (self.inventory,) if isinstance(self.inventory, str) else self.inventory


class Stack(Model):
    """A document of kind Stack."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Stack"] = "Stack"
    metadata: Metadata
    spec: StackSpec
