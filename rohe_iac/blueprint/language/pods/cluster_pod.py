"""Cluster pod: what a service's pods have in a Kubernetes cluster alone; other targets ignore it."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from rohe_iac.blueprint.language.base import Flag, Model, fault

UserId = Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)]

Capability = Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]*$")]


def _validate_network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        hint = "write 10.0.0.0/8, or 0.0.0.0/0 for every address"
        raise fault("R108", f"'{text[:60]}' is not a network in CIDR notation", hint) from None


Network = Annotated[str, AfterValidator(_validate_network)]


class Capabilities(Model):
    """Capabilities of Linux that the processes of a pod have beside none."""

    add: tuple[Capability, ...] = ()
    drop: tuple[Capability, ...] = ("ALL",)


class SecurityContext(Model):
    """What a service's pods may do; a field that is absent is as the level `restricted` of Kubernetes has it."""

    run_as_non_root: Flag | None = None
    run_as_user: UserId | None = None
    run_as_group: UserId | None = None
    fs_group: UserId | None = None
    read_only_root_filesystem: Flag | None = None
    allow_privilege_escalation: Flag | None = None
    privileged: Flag = False
    capabilities: Capabilities = Capabilities.model_construct()
    seccomp_profile: Literal["RuntimeDefault", "Unconfined"] = "RuntimeDefault"


class ClusterPod(Model):
    """What a service's pods have in a cluster alone: rights, and networks beside those of flows."""

    security_context: SecurityContext = SecurityContext.model_construct()
    ingress: tuple[Network, ...] = ()
    egress: tuple[Network, ...] = ()
