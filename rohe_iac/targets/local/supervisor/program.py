"""Program: one supervised process, as the stack's folder describes it for the wrapper and for `rohe status`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

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

    @property
    def digest(self) -> str:
        """Returns a digest of everything but inherited variables, which covers the values of secrets."""
        return sha256_hex(canonical_json({**asdict(self), "inherited": {}}))

    def write(self, folder: Path, cgroups: tuple[str, ...]) -> None:
        """Writes program.json, readable by its owner only, which the wrapper reads at every start.

        Args:
            folder: The program's folder.
            cgroups: Paths of the control groups that the program joins.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = {"program": asdict(self), "digest": self.digest, "cgroups": cgroups}
        write_private(folder / "program.json", canonical_json(value))


def read_program(folder: Path) -> Program | None:
    """Returns the program whose settings are in `folder`, or None where those are absent or unreadable."""
    try:
        value: dict[str, Any] = json.loads((folder / "program.json").read_bytes())["program"]
        probe = value.pop("probe")
        argv = tuple(value.pop("argv"))
        return Program(**value, argv=argv, probe=None if probe is None else ReadinessProbe(**probe))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_cgroups(folder: Path) -> tuple[str, ...]:
    """Returns the paths of the control groups that were made for the program of `folder`."""
    try:
        return tuple(json.loads((folder / "program.json").read_bytes())["cgroups"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()
