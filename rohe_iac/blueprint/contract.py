"""ObservationContract: what a pipeline promises, how it is measured and what is done when it breaks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from rohe_iac.blueprint.base import Metadata, Model, Name, Ratio, Seconds

Operator = Literal["<", "<=", ">", ">=", "==", "between"]
ActionName = Literal["alert", "degrade", "reroute", "reject"]


class Effective(Model):
    """The span in which a contract holds, [from, to)."""

    from_: Annotated[datetime | None, Field(alias="from")] = None
    to: datetime | None = None


class Scope(Model):
    """What of the pipeline an objective is about; absent: the whole pipeline, source to sink."""

    service: str | None = None
    member: str | None = None
    instance: str | None = None
    model: str | None = None
    device: str | None = None


class Window(Model):
    """A span of samples. `size` and `every` are a time (`5m`) or a number of reports (`100 reports`); or a session gap."""

    size: str | None = None
    every: str | None = None
    session: Seconds | None = None


class Action(Model):
    """What is done on a violation, at most once a `cooldown` (seconds)."""

    action: ActionName
    cooldown: Seconds = 0.0
    dry_run: bool = False


class BurnRate(Model):
    """An alert when the error budget burns `factor` times too fast over both windows (Google SRE Workbook, ch. 5)."""

    long: Seconds
    short: Seconds
    factor: Annotated[float, Field(gt=0)]


class Objective(Model):
    """One line of a contract. `value` is a number, a quantity or, for `between`, a pair."""

    name: Name | None = None
    metric: str
    scope: Scope = Scope()
    aggregate: str = "mean"
    operator: Operator
    value: Any
    window: Window
    min_samples: Annotated[int, Field(ge=1)] = 1
    missing: Literal["freeze", "broken", "ok"] = "freeze"
    for_: Annotated[Seconds, Field(alias="for")] = 0.0
    clear: Seconds = 0.0
    target: Ratio | None = None
    budget_window: Seconds | None = None
    burn_rates: tuple[BurnRate, ...] = ()
    on_violation: Action | None = None


class Processing(Model):
    """A user's parser and function, run on every closed window."""

    parser: str | None = None
    function: str
    features: tuple[str, ...] = ()
    window: Window
    options: dict[str, Any] = {}


class ContractSpec(Model):
    """The promise about one pipeline. `metrics` are consumer-defined expression trees."""

    pipeline: str
    tenant: str | None = None
    effective: Effective = Effective()
    lateness: Seconds = 2.0
    metrics: dict[str, Any] = {}
    objectives: tuple[Objective, ...] = ()
    processing: tuple[Processing, ...] = ()
    sinks: tuple[Any, ...] = ("store",)


class ObservationContract(Model):
    """A document of kind ObservationContract."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["ObservationContract"] = "ObservationContract"
    metadata: Metadata
    spec: ContractSpec
