"""Program: one supervised process, as its wrapper and `status` read it from the stack's folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.folders import write_private


@dataclass(frozen=True, slots=True)
class ReadinessProbe:
    """How to know that a program is ready: a TCP connection, or an HTTP GET of `path` answered with 2xx or 3xx."""

    port: int
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """What runs and how.

    name: a DNS-1123 label, unique in the stack. address: of the stack's part. argv: the first word is a path or is
    looked up on PATH. cwd: absolute. ports: by name. startup: seconds it has to get ready.
    cpu: millicores, memory: bytes, 0 where unlimited. inherited: variables of who ran apply, below `environment`; they
    make no other program. files: digest of the files that are written for it.
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
        """Tells two programs apart, by the values of their secrets too."""
        return sha256_hex(canonical_json({**asdict(self), "inherited": {}}))

    def write(self, folder: Path, cgroups: tuple[str, ...]) -> None:
        """Writes program.json for its owner only; the wrapper reads it at every start. cgroups: groups it joins."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = {"program": asdict(self), "digest": self.digest, "cgroups": cgroups}
        write_private(folder / "program.json", canonical_json(value))


def read_program(folder: Path) -> Program | None:
    """The program whose settings are in `folder`, or None where there is none or it cannot be read."""
    try:
        value: dict[str, Any] = json.loads((folder / "program.json").read_bytes())["program"]
        probe = value.pop("probe")
        argv = tuple(value.pop("argv"))
        return Program(**value, argv=argv, probe=None if probe is None else ReadinessProbe(**probe))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_cgroups(folder: Path) -> tuple[str, ...]:
    """The control groups that were made for the program of `folder`."""
    try:
        return tuple(json.loads((folder / "program.json").read_bytes())["cgroups"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()
