"""The demo: a pipeline is planned, applied, observed, breaks its contract, is mended, and is gone.

It types the commands of the README for you, in a copy of this folder and with state of its own, and shows what they
say. It fails when the contract does not break under noise, does not recover, or when anything is left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
PATIENCE = 120.0
"""Seconds that a verdict is waited for; on a machine at rest it takes less than ten."""
CONTRACT = "digits-quality"
OBJECTIVE = "right-answers"
PORTS = range(24200, 24300)


class Failed(Exception):
    """What the demo shows did not happen."""


class Watch:
    """What the agents say, window by window: a `rohe observe --follow` beside the demo, begun anew where it ends."""

    def __init__(self, work: Path, environment: dict[str, str]) -> None:
        self.verdicts: dict[str, str] = {}
        self.broken: set[str] = set()
        self.trouble = ""
        self._work, self._environment = work, environment
        self._rows: set[int] = set()
        self._closing = False
        self._process = self._begin()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def all_kept(self) -> bool:
        """Whether every objective of the contract is kept."""
        return bool(self.verdicts) and set(self.verdicts.values()) == {"KEPT"}

    def has_broken(self) -> bool:
        """Whether the objective that noise breaks was ever broken."""
        return OBJECTIVE in self.broken

    @property
    def said(self) -> str:
        """What is known, for whoever waits in vain."""
        told = ", ".join(f"{objective} {verdict}" for objective, verdict in sorted(self.verdicts.items()))
        return f"{told or 'no verdict'}\n{self.trouble}".strip()

    def close(self) -> None:
        """Ends it."""
        self._closing = True
        self._process.terminate()
        self._thread.join(10)

    def _begin(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["rohe", "observe", "--follow", "-o", "json"],
            cwd=self._work,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _read(self) -> None:
        while True:
            for line in self._process.stdout or ():
                self._take(json.loads(line))
            self.trouble = self._process.stderr.read() if self._process.stderr is not None else ""
            self._process.wait()
            if self._closing:
                return
            time.sleep(0.5)
            self._process = self._begin()

    def _take(self, result: dict[str, Any]) -> None:
        # One that begins anew tells the newest windows once more.
        if result["contract"] != CONTRACT or result["row"] in self._rows:
            return
        self._rows.add(result["row"])
        self.verdicts[result["objective"]] = result["verdict"]
        if result["verdict"] == "BROKEN":
            self.broken.add(result["objective"])


class Demo:
    """One run in a folder of its own. svg: where the picture of it is written, if anywhere."""

    def __init__(self, folder: Path, svg: Path | None) -> None:
        self.folder = folder
        self.work = folder / "digits"
        self.svg = svg
        self.begun = time.monotonic()
        self.console = Console(record=svg is not None, highlight=False, width=120 if svg else None)
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "XDG_STATE_HOME": str(folder / "state"),
        }
        if svg is not None:
            self.environment |= {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm-256color"}
            self.environment.pop("NO_COLOR", None)

    def say(self, text: str) -> None:
        """A line between the commands."""
        self.console.print(Text(f"# {text}", style="dim italic"), soft_wrap=True)

    def type(self, *command: str) -> None:
        """Prints a command as a user types it, runs it, and shows all that it says. Failed when it fails."""
        self.console.print(Text.assemble(("\n$ ", "bold green"), (shlex.join(command), "bold")))
        if self.svg is None:
            # The command writes to the very streams of this program: colours and progress are its own.
            sys.stdout.flush()
            ended = subprocess.run(command, cwd=self.work, env=self.environment, check=False)
        else:
            ended = subprocess.run(
                command,
                cwd=self.work,
                env=self.environment,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.console.print(Text.from_ansi(ended.stdout.decode(errors="replace").rstrip()))
        if ended.returncode != 0:
            raise Failed(f"`{shlex.join(command)}` ended with {ended.returncode}")

    def ask(self, *command: str) -> Any:
        """What a command says as JSON; None while it cannot say it."""
        ended = subprocess.run(
            [*command, "-o", "json"], cwd=self.work, env=self.environment, check=False, capture_output=True, text=True
        )
        with contextlib.suppress(ValueError):
            return json.loads(ended.stdout)
        return None

    def wait(self, what: str, happened: Callable[[], bool], watch: Watch) -> None:
        """Waits until something has happened. Failed when it does not within the patience."""
        self.console.print()
        self.say(f"{what} ...")
        end = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > end:
                raise Failed(f"waited {PATIENCE:g} s in vain: {what}\n{watch.said}")
            time.sleep(0.1)

    def acted_on(self) -> str:
        """The violation that something was done about."""
        for violation in self.ask("rohe", "violations") or []:
            if violation["objective"] == OBJECTIVE and violation["actions"]:
                return str(violation["id"])
        raise Failed("the contract broke, and nothing was done about it")

    def camera(self) -> str:
        """Where the camera answers."""
        status = self.ask("rohe", "status") or {}
        for part in status.get("parts", []):
            if part["instance"].startswith("camera") and part["urls"]:
                return str(part["urls"][0])
        raise Failed("`rohe status` does not tell where the camera answers")

    def play(self) -> None:
        """The whole of it."""
        self.say("Three classifiers read handwritten digits and vote. The contract asks for 90 % right answers.")
        self.type("rohe", "validate")
        self.type("rohe", "plan", "--out", "digits.plan")
        self.type("rohe", "apply", "--yes", "digits.plan")
        watch = Watch(self.work, self.environment)
        try:
            self.wait("the first 200 images are taken, read and judged", watch.all_kept, watch)
            self.type("rohe", "status")
            self.type("rohe", "observe")
            if watch.has_broken():
                raise Failed("the contract was broken before there was any noise")

            self.console.print()
            self.say("Now the camera's sensor goes bad. Nobody tells rohe.")
            self.type("python", "-m", "digits.noise", self.camera(), "gaussian", "0.2")
            self.wait("the agent judges the last 200 answers, every 20", watch.has_broken, watch)
            self.type("rohe", "violations")
            self.type("rohe", "explain", self.acted_on())

            self.console.print()
            self.say(
                "The contract asks to `degrade`: the agent has told the services to go on without the one to blame."
            )
            self.wait("the noise goes on; are the last 200 answers good again", watch.all_kept, watch)
            self.type("rohe", "observe")
        finally:
            watch.close()
        self.end()

    def end(self) -> None:
        """Removes the stack, as a user would, and looks for anything that is left."""
        self.type("rohe", "destroy", "--yes")
        left = self.left()
        if left:
            raise Failed("left behind:\n" + "\n".join(f"  {line}" for line in left))
        self.console.print()
        self.say(f"Nothing is left: no process, no open port, no file of the stack but its history. "
                 f"{time.monotonic() - self.begun:.0f} s.")  # fmt: skip

    def left(self) -> list[str]:
        """Processes, listening ports and files of the stack."""
        found = [f"process {process.pid}: {line}" for process, line in processes_of(self.folder)]
        found += [f"port {port} is open" for port in self.ports() if is_open(port)]
        stack = self.folder / "state" / "rohe" / "digits-example" / "digits"
        kept = ("history", "lock", "record.json")
        found += [f"file {path}" for path in sorted(stack.glob("*")) if path.name not in kept]
        return found

    def prepare(self) -> None:
        """A fresh copy of the example, on ports that nobody has."""
        ignored = shutil.ignore_patterns("__pycache__", "*.svg", "README.md", "demo.py", "*.plan")
        shutil.copytree(HERE, self.work, ignore=ignored)
        taken = [port for port in PORTS if is_open(port)]
        if taken:
            first = next(
                start
                for start in range(PORTS.start + 100, 32000, 100)
                if not any(is_open(port) for port in range(start, start + 100))
            )
            self.say(f"port {taken[0]} is taken by another program: this run uses {first}-{first + 99}")
            stack = self.work / "blueprints" / "stack.yaml"
            stack.write_text(stack.read_text().replace(f"{PORTS.start}-{PORTS.stop - 1}", f"{first}-{first + 99}"))

    def ports(self) -> range:
        """The ports that the stack may use."""
        match = re.search(r"ports: (\d+)-(\d+)", (self.work / "blueprints" / "stack.yaml").read_text())
        return range(int(match[1]), int(match[2]) + 1) if match else range(0)

    def draw(self) -> None:
        """Writes the picture, if one was asked for; it names no font that a viewer would have to fetch."""
        if self.svg is not None:
            picture = self.console.export_svg(title="make demo")
            self.svg.write_text(re.sub(r"@font-face {.*?}\n", "", picture, flags=re.DOTALL))

    def remove(self) -> None:
        """Takes a stack down that an interrupted run left, quietly; then whatever still runs, then the folder."""
        if (self.folder / "state" / "rohe").exists():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    ["rohe", "destroy", "--yes"],
                    cwd=self.work,
                    env=self.environment,
                    check=False,
                    capture_output=True,
                    timeout=60,
                )
        for process, _ in processes_of(self.folder):
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def processes_of(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Processes that work in the folder, or were told of it; not this one and those that it runs under."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid in own or process.status() == psutil.STATUS_ZOMBIE:
                continue
            told = [*process.cmdline(), *process.environ().values(), process.cwd()]
            if any(str(folder) in text for text in told):
                yield process, shlex.join(process.cmdline())


def is_open(port: int) -> bool:
    """Whether anything listens on the port of this machine."""
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """The demo's folder, always the same for a user, so that a run finds what a killed one left; held by a lock."""
    base = Path(tempfile.gettempdir())
    lock = base / f"rohe-demo-{os.getuid()}.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed("another demo of this user is running; wait for it or end it") from None
        try:
            yield base / f"rohe-demo-{os.getuid()}"
        finally:
            lock.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def interrupted(number: int, _: object) -> None:
    raise KeyboardInterrupt(number)


def main() -> int:
    """0 when all of it happened; 1 with what did not; 130 when interrupted."""
    arguments = argparse.ArgumentParser(prog="demo.py", description=__doc__)
    arguments.add_argument("--svg", type=Path, help="write a picture of the run to this file")
    svg = arguments.parse_args().svg
    # Said outright: a shell starts what it runs in the background with interrupts ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    try:
        with own_folder() as folder:
            former = Demo(folder, None)
            if folder.exists():
                former.say("an earlier demo was killed; what it left is removed first")
                former.remove()
            folder.mkdir(mode=0o700)
            demo = Demo(folder, svg.resolve() if svg else None)
            try:
                demo.prepare()
                demo.play()
                demo.draw()
            finally:
                demo.remove()
    except Failed as failure:
        print(f"demo: failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; the stack was removed", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
