"""Program: one supervised process, as the stack's folder describes it for the wrapper and for `rohe status`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.folders import write_private


@dataclass(frozen=True, slots=True)
class ReadinessProbe:
    """The test of a program's readiness.

    Attributes:
        port: The port of 127.0.0.1 to connect to.
        path: The path to get over HTTP, which must answer with 2xx or 3xx; None where a TCP connection is enough.
    """

    port: int
    path: str | None = None


WORDS = {"tcp": "TCP", "nats": "NATS", "mqtt": "MQTT", "tls": "TLS", "heartbeat": "the heartbeat"}
"""Kinds of liveness probes without a path, as messages name them."""


@dataclass(frozen=True, slots=True)
class LivenessProbe:
    """The test whether a running program still answers; one that does not, several times in a row, is restarted.

    Attributes:
        kind: `tcp` (connect), `http` (status 2xx or 3xx), `nats` (the server greets), `mqtt` (the server answers a
            CONNECT), `tls` (the server takes part in a handshake) or `heartbeat` (a file's age).
        port: The port of 127.0.0.1; 0 for a heartbeat.
        path: The path to get over HTTP, or of the heartbeat's file relative to the stack's folder.
        period: Seconds between two tests.
        failures: Number of failures in a row after which the program is restarted.
    """

    kind: Literal["tcp", "http", "nats", "mqtt", "tls", "heartbeat"]
    port: int = 0
    path: str | None = None
    period: float = 5.0
    failures: int = 3

    @property
    def words(self) -> str:
        """What the probe asks, such as `GET /health on port 24201`."""
        shown = f"GET {self.path}" if self.kind == "http" else WORDS[self.kind]
        return f"{shown} on port {self.port}" if self.port else shown


@dataclass(frozen=True, slots=True)
class Preparation:
    """A command that runs to its end before each start of a program.

    Attributes:
        name: The name of the step.
        argv: The command; its first word is a path or is looked up on PATH.
        environment: The variables of the program, with those of the step in their place.
    """

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """A program with everything that it is started with.

    Attributes:
        name: A DNS-1123 label, unique in the stack.
        address: Address of the stack's part.
        argv: The command; its first word is a path or is looked up on PATH.
        cwd: Absolute path of the working directory.
        environment: Variables from the blueprint and the plan.
        ports: Port numbers by name.
        probe: The test of readiness, or None.
        startup: Seconds that the program has to get ready.
        cpu: Limit in millicores, 0 where unlimited.
        memory: Limit in bytes, 0 where unlimited.
        inherited: Variables of the user that ran apply, overridden by `environment` and left out of the digest.
        files: Digest of the files that are written for the program.
        liveness: The test whether the program still answers, or None.
        datagrams: Names of the ports that are UDP.
        once: Whether the program has to end with exit code 0, and runs again only when it is changed.
        unenforced: Names of planned amounts that nothing on this machine limits, such as `gpu memory`.
        preparations: The commands that run to their end before each start, in this order.
    """

    name: str
    address: str
    argv: tuple[str, ...]
    cwd: str
    environment: dict[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    probe: ReadinessProbe | None = None
    startup: float = 30.0
    cpu: int = 0
    memory: int = 0
    inherited: dict[str, str] = field(default_factory=dict)
    files: str = ""
    liveness: LivenessProbe | None = None
    datagrams: tuple[str, ...] = ()
    unenforced: tuple[str, ...] = ()
    once: bool = False
    preparations: tuple[Preparation, ...] = ()

    @property
    def digest(self) -> str:
        """Returns a digest of everything but inherited variables, which covers the values of secrets."""
        return sha256_hex(canonical_json({**asdict(self), "inherited": {}}))

    @property
    def expected_ports(self) -> dict[str, int]:
        """The TCP ports by name that the program has to listen on: that of its readiness probe, or else all."""
        return {
            name: port
            for name, port in self.ports.items()
            if not self.once and name not in self.datagrams and (self.probe is None or self.probe.port == port)
        }

    def write(self, folder: Path, cgroups: tuple[str, ...], unlimited: tuple[str, ...]) -> None:
        """Writes program.json, readable by its owner only, which the wrapper reads at every start.

        Args:
            folder: The program's folder.
            cgroups: Paths of the control groups that the program joins.
            unlimited: A sentence for each limit that is not in force.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = {"program": asdict(self), "digest": self.digest, "cgroups": cgroups, "unlimited": unlimited}
        write_private(folder / "program.json", canonical_json(value))


def read_program(folder: Path) -> Program | None:
    """Returns the program whose settings are in `folder`, or None where those are absent or unreadable."""
    try:
        value: dict[str, Any] = json.loads((folder / "program.json").read_bytes())["program"]
        probe, liveness = value.pop("probe"), value.pop("liveness", None)
        return Program(
            **{
                **value,
                "argv": tuple(value["argv"]),
                "datagrams": tuple(value.get("datagrams", ())),
                "unenforced": tuple(value.get("unenforced", ())),
                "preparations": tuple(
                    Preparation(step["name"], tuple(step["argv"]), step["environment"])
                    for step in value.get("preparations", ())
                ),
            },
            probe=None if probe is None else ReadinessProbe(**probe),
            liveness=None if liveness is None else LivenessProbe(**liveness),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_cgroups(folder: Path) -> tuple[str, ...]:
    """Returns the paths of the control groups that were made for the program of `folder`."""
    return _strings(folder, "cgroups")


def read_unlimited(folder: Path) -> tuple[str, ...]:
    """Returns a sentence for each limit that is not in force for the program of `folder`."""
    return _strings(folder, "unlimited")


def _strings(folder: Path, key: str) -> tuple[str, ...]:
    try:
        return tuple(json.loads((folder / "program.json").read_bytes())[key])
    except (OSError, ValueError, KeyError, TypeError):
        return ()
