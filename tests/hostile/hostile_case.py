"""One hostile blueprint: how it is written, and what `rohe validate` has to report about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

HEAD = "apiVersion: rohe.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
MAX_MEMORY = 300
"""What the whole process may hold at once, in MB of 10^6 bytes."""


@dataclass(frozen=True)
class Case:
    """A hostile blueprint.

    Attributes:
        name: What is hostile about it.
        write: Writes the input into an empty folder, the root.
        says: Parts of the output.
        code: The exit code.
    """

    name: str
    write: Callable[[Path], object]
    says: tuple[str, ...]
    code: int = 3

    def prepare(self, folder: Path) -> None:
        """Makes the folder, the root of a blueprint, and writes the input into it."""
        folder.mkdir()
        self.write(folder)
        if not (folder / "rohe.yaml").exists():
            (folder / "rohe.yaml").write_text("project: hostile\n")


@dataclass(frozen=True)
class Outcome:
    """The end of one run of a command: processor time in seconds, the most memory held in MB."""

    code: int
    output: str
    seconds: float
    memory: float


def text(name: str, content: Callable[[], str | bytes], *says: str, code: int = 3) -> Case:
    """Returns a case of one file; `content` is called when the file is written, since some are large."""

    def write(folder: Path) -> None:
        made = content()
        (folder / "hostile.yaml").write_bytes(made.encode("utf-8", "surrogatepass") if isinstance(made, str) else made)

    return Case(name, write, says, code)


def head(kind: str = "Inventory", name: str = "x") -> str:
    """Returns the first lines of a document of rohe."""
    return HEAD.format(kind=kind, name=name)


def files(made: Callable[[], Iterable[tuple[str, str]]]) -> Callable[[Path], None]:
    """Returns a function that writes many files with their folders."""

    def write(folder: Path) -> None:
        for name, content in made():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    return write


_PROGRAM = """\
import atexit, json, os, resource, sys

def write_figures():
    used = resource.getrusage(resource.RUSAGE_SELF)
    # ru_maxrss is inherited from the process that started this one; VmHWM is not.
    held = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    memory = int(held[0].split()[1]) * 1024 if held else used.ru_maxrss * 1024
    with open(sys.argv[1], "w") as stream:
        json.dump([used.ru_utime + used.ru_stime, memory / 1e6], stream)

atexit.register(write_figures)
from rohe_iac.cli.main import run
sys.exit(run(sys.argv[2:]))
"""


def run_validate(folder: Path) -> Outcome:
    """Runs `rohe validate` on the folder."""
    return run_command(folder, "validate")


def run_command(folder: Path, *arguments: str, timeout: float = 120) -> Outcome:
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
