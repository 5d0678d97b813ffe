"""Names and addresses: DNS-1123 names, and the address of everything in a stack."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from rohe_iac.foundation.errors import UsageError

NAME_PATTERN = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""A DNS-1123 label (RFC 1123, as Kubernetes narrows it): at most 63 of a-z, 0-9 and inner hyphens."""

MAX_NODE_NAME = 253
"""The longest name of a node, in characters."""

_INSTANCES = uuid.uuid5(uuid.NAMESPACE_DNS, "instances.rohe.dev")

KINDS = ("service", "replica", "node", "contract", "agent", "broker", "store", "link")


def is_name(text: str) -> bool:
    """Checks whether `text` is a DNS-1123 label."""
    return NAME_PATTERN.fullmatch(text) is not None


def is_node_name(text: str) -> bool:
    """Checks whether `text` is a DNS-1123 subdomain: names joined by dots, as clusters name their nodes."""
    return len(text) <= MAX_NODE_NAME and all(is_name(part) for part in text.split("."))


def is_variable(text: str) -> bool:
    """Checks whether an environment variable may have that name, by the rules of Kubernetes."""
    return re.fullmatch(r"[-._A-Za-z][-._A-Za-z0-9]*", text) is not None


def instance_id(stack: str, instance: str) -> str:
    """Returns the UUID of a replica, which follows from the names alone (RFC 9562, version 5).

    QoA4ML's client takes its `instance_id` of the variable INSTANCE_ID, which has to be a UUID
    (https://github.com/rdsea/QoA4ML); the name of a replica is none.

    Args:
        stack: Name of the stack.
        instance: Name of the replica, unique in the stack.
    """
    return str(uuid.uuid5(_INSTANCES, f"{stack}/{instance}"))


@dataclass(frozen=True, order=True, slots=True)
class Address:
    """An address `kind/part[/part...]`, such as service/classify/svm.

    Attributes:
        kind: One of KINDS.
        parts: The names after the kind, at least one.
        pipeline: The pipeline that qualifies the first part, as in pipeline:service; "" where none does.
    """

    kind: str
    parts: tuple[str, ...]
    pipeline: str = ""

    def __str__(self) -> str:
        first, *rest = self.parts
        head = f"{self.pipeline}:{first}" if self.pipeline else first
        return "/".join((self.kind, head, *rest))

    def covers(self, other: Address) -> bool:
        """Checks whether `other` is this or a part of it: service/classify covers replica/digits:classify/svm/0.

        An address without a pipeline covers that name in any pipeline. Replicas of agents and brokers have no pipeline.
        """
        if other.kind != self.kind and not (other.kind == "replica" and self.kind in ("service", "agent", "broker")):
            return False
        if other.kind == "replica" and self.kind != "replica" and bool(other.pipeline) != (self.kind == "service"):
            return False
        return other.parts[: len(self.parts)] == self.parts and self.pipeline in ("", other.pipeline)


def parse_address(text: str) -> Address:
    """Returns the address that a user typed.

    Raises:
        UsageError: The kind is unknown, or a part is not a name.
    """
    kind, _, rest = text.partition("/")
    pipeline, colon, tail = rest.partition(":")
    parts = tuple((tail if colon else rest).split("/"))
    is_part = is_node_name if kind == "node" else is_name
    if kind not in KINDS or not all(is_part(part) for part in parts) or (colon and not is_name(pipeline)):
        raise UsageError(
            f"'{text}' is not an address",
            hint="an address is KIND/NAME, such as service/classify or replica/classify/svm/0; "
            f"kinds: {', '.join(KINDS)}",
        )
    return Address(kind, parts, pipeline if colon else "")
