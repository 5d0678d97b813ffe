"""Stack: which pipelines run on which inventory under which contracts, and how they are planned and applied."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from rohe_iac.blueprint.base import Bytes, Metadata, Model, Name, Seconds
from rohe_iac.blueprint.pipeline import Memory, Requests, SecretReference

ObjectiveTerm = Literal["placed", "slack", "stable", "nodes", "cost", "balance"]
StrategyName = Literal["first-fit", "best-fit", "worst-fit", "dot-product", "fragmentation", "portfolio", "exact"]


def _port_range(text: str) -> str:
    match = re.fullmatch(r"(\d{4,5})-(\d{4,5})", text)
    if match is None or not 1024 <= int(match[1]) <= int(match[2]) <= 65535:
        raise ValueError("expected a range of ports within 1024-65535, such as 42000-42099")
    return text


class Weights(Model):
    """How much each dimension counts in the score."""

    cpu: Annotated[float, Field(ge=0)] = 1.0
    memory: Annotated[float, Field(ge=0)] = 1.0
    accelerator: Annotated[float, Field(ge=0)] = 1.0


class Queue(Model):
    """Two lanes: services sensitive to `priority` first, one of the others after every `balance` of them."""

    priority: Literal["none", "cpu", "memory", "cpu+memory"] = "none"
    balance: Annotated[int, Field(ge=1)] = 3


class Overcommit(Model):
    """How often over a dimension may be given out."""

    vms: Annotated[float, Field(gt=0)] = 1.0


class PlannerSettings(Model):
    """How replicas are placed."""

    objective: tuple[ObjectiveTerm, ...] = ("placed", "stable", "nodes")
    strategy: str = "best-fit"
    filters: tuple[str, ...] = ()
    scorers: dict[str, float] = {}
    iterations: Annotated[int, Field(ge=0)] | None = None
    weights: Weights = Weights()
    queue: Queue = Queue()
    overcommit: Overcommit = Overcommit()
    survive: Annotated[int, Field(ge=0)] = 0


class LocalTarget(Model):
    """This machine: a process a replica, ports from the range."""

    runtime: Literal["process", "docker"] = "process"
    ports: Annotated[str, AfterValidator(_port_range)] = "42000-42099"


class KubernetesTarget(Model):
    """A Kubernetes cluster."""

    context: str | None = None
    namespace: Name = "default"


class ManifestsTarget(Model):
    """A directory of manifests, for GitOps."""

    directory: str


class Target(Model):
    """Where to apply; exactly one."""

    local: LocalTarget | None = None
    kubernetes: KubernetesTarget | None = None
    manifests: ManifestsTarget | None = None


class EmbeddedBroker(Model):
    """A broker that the stack runs."""

    requests: Requests = Requests(cpu="50m", memory=Memory(rss="64Mi"))  # type: ignore[arg-type]


class Broker(Model):
    """The MQTT broker: embedded, or any other by its address."""

    embedded: EmbeddedBroker | None = None
    url: str | None = None
    credentials: SecretReference | dict[str, str] | None = None


class MongoStore(Model):
    """A MongoDB that the user runs."""

    uri: dict[str, Any] | str


class Store(Model):
    """Where an agent keeps reports, windows and verdicts."""

    sqlite: dict[str, Any] | None = None
    mongodb: MongoStore | None = None
    retention: Seconds = 604800.0
    max_size: Bytes = 2 * 2**30


class Agents(Model):
    """The observation agents, one or more a pipeline."""

    per_pipeline: Annotated[int, Field(ge=1)] = 1
    image: str = "rohe/agent:0.1.0"
    requests: Requests = Requests(cpu="200m", memory=Memory(rss="128Mi"))  # type: ignore[arg-type]


class ModuleUse(Model):
    """A module taken into the stack under a name."""

    name: Name
    source: str
    inputs: dict[str, Any] = {}
    prefix: str = ""


class StackSpec(Model):
    """What belongs together and how it is run."""

    pipelines: Annotated[tuple[str, ...], Field(min_length=1)]
    inventory: str
    contracts: tuple[str, ...] = ()
    planner: PlannerSettings = PlannerSettings()
    target: Target = Target(local=LocalTarget())
    broker: Broker = Broker(embedded=EmbeddedBroker())
    store: Store = Store(sqlite={})
    agents: Agents = Agents()
    modules: tuple[ModuleUse, ...] = ()
    protect: tuple[str, ...] = ()


class Stack(Model):
    """A document of kind Stack."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Stack"] = "Stack"
    metadata: Metadata
    spec: StackSpec
