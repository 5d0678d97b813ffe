"""Probe: how the health of a replica is asked for, and how often."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, Strict, model_validator

from rohe_iac.blueprint.language.base import Model, Name, Seconds, check_exactly_one, fault, schema_requiring_one
from rohe_iac.blueprint.language.container import InnerPath, ProcessText


def _validate_port_name(value: object) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        hint = "name one of the service's ports, as in port: http"
        raise fault("R108", f"expected the name of a port, found the number {value}", hint)
    return value


PortName = Annotated[Name, BeforeValidator(_validate_port_name)]

Times = Annotated[int, Strict(), Field(ge=1, le=10**6)]
"""How many times in a row."""


class HttpProbe(Model):
    """A probe that succeeds when GET answers 200 to 399."""

    path: InnerPath = "/"
    port: PortName


class Probe(Model):
    """One way to check the health of a replica, and how often it is taken; spans are in seconds."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("http", "tcp", "grpc", "exec"))

    http: HttpProbe | None = None
    tcp: PortName | None = None
    grpc: PortName | None = None
    exec_: Annotated[Annotated[tuple[ProcessText, ...], Field(min_length=1)] | None, Field(alias="exec")] = None
    initial_delay: Annotated[Seconds, Field(le=10**6)] | None = None
    period: Annotated[Seconds, Field(ge=1, le=10**6)] | None = None
    timeout: Annotated[Seconds, Field(ge=1, le=10**6)] | None = None
    failure_threshold: Times | None = None
    success_threshold: Times | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Probe:
        check_exactly_one(self, "http", "tcp", "grpc", "exec_")
        return self

    @property
    def port(self) -> str | None:
        """Returns the name of the port that is asked, None where a command is run."""
        return self.http.port if self.http is not None else self.tcp or self.grpc


class Health(Model):
    """The probes of a replica, and how long it may take to start (seconds)."""

    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Seconds = 30.0

    @model_validator(mode="after")
    def _one_success(self) -> Health:
        if self.liveness is not None and (self.liveness.success_threshold or 1) > 1:
            hint = "leave it out: a replica that answers once lives"
            raise fault("R108", "successThreshold is about readiness alone", hint, at=("liveness",))
        return self
