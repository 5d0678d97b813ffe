"""One hostile blueprint: how it is written, and what `rohe validate` has to say of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

HEAD = "apiVersion: rohe.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
MOST_MEMORY = 300
"""What the whole process may hold at once, in MB of 10^6 bytes."""


@dataclass(frozen=True)
class Case:
    """write: puts the input into an empty folder, the root. says: parts of the answer; code: the exit code."""

    name: str
    write: Callable[[Path], object]
    says: tuple[str, ...]
    code: int = 3

    def prepare(self, folder: Path) -> None:
        """Writes it into a folder that is made for it, which is the root of a blueprint."""
        folder.mkdir()
        self.write(folder)
        if not (folder / "rohe.yaml").exists():
            (folder / "rohe.yaml").write_text("project: hostile\n")


@dataclass(frozen=True)
class Outcome:
    """How one run of a command ended: processor time in seconds, the most memory held in MB."""

    code: int
    told: str
    seconds: float
    memory: float


def text(name: str, content: Callable[[], str | bytes], *says: str, code: int = 3) -> Case:
    """A case of one file. content: asked for when it is written, since some are large."""

    def write(folder: Path) -> None:
        made = content()
        (folder / "hostile.yaml").write_bytes(made.encode("utf-8", "surrogatepass") if isinstance(made, str) else made)

    return Case(name, write, says, code)


def head(kind: str = "Inventory", name: str = "x") -> str:
    """How a document of ours begins."""
    return HEAD.format(kind=kind, name=name)


def files(made: Callable[[], Iterable[tuple[str, str]]]) -> Callable[[Path], None]:
    """Writes many files, folders and all."""

    def write(folder: Path) -> None:
        for name, content in made():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    return write


_PROGRAM = """\
import atexit, json, os, resource, sys

def tell():
    used = resource.getrusage(resource.RUSAGE_SELF)
    # ru_maxrss is inherited from whoever started the process; what the kernel says of this one's memory is not.
    held = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    memory = int(held[0].split()[1]) * 1024 if held else used.ru_maxrss * 1024
    with open(sys.argv[1], "w") as stream:
        json.dump([used.ru_utime + used.ru_stime, memory / 1e6], stream)

atexit.register(tell)
from rohe_iac.cli.main import run
sys.exit(run(sys.argv[2:]))
"""


def validated(folder: Path) -> Outcome:
    """Runs `rohe validate` on the folder."""
    return ran(folder, "validate")


def ran(folder: Path, *arguments: str, timeout: float = 120) -> Outcome:
    """Runs a command in the folder, in a process of its own, start and end of Python included."""
    figures = folder.parent / f"{folder.name}.figures"
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(figures), *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    seconds, memory = json.loads(figures.read_text())
    return Outcome(done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"), seconds, memory)
