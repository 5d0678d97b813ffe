"""Keeper: the process that starts the programs of a control plane, restarts those that end, and ends with its owner."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress

from rohe_iac.deployment.engine import session
from rohe_iac.trial_cluster.files import ControlPlaneFiles
from rohe_iac.trial_cluster.servers import ServerCommands

START_TIMEOUT = 120.0
"""Seconds that each program has to answer; an idle machine needs less than 3."""

_RESTART_AFTER = 1.0
"""Seconds after which a program that ended is started again."""

_END_TIMEOUT = 1.0
"""Seconds that programs have to end before they are killed; the API server would take ten, to let requests end."""


class StartFailed(Exception):
    """A program of the control plane does not come up; the text names it and its log."""


class Keeper:
    """The running programs of one control plane.

    Attributes:
        files: The control plane's folder.
        commands: The command lines of its programs.
        processes: The programs that were started, by name.
    """

    def __init__(self, files: ControlPlaneFiles, commands: ServerCommands, token: str) -> None:
        self.files = files
        self.commands = commands
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._token = token
        self._ended: dict[str, float] = {}

    def start(self) -> None:
        """Starts all programs, each when what it needs answers.

        Raises:
            StartFailed: A program ends, or does not answer within START_TIMEOUT.
        """
        commands = self.commands
        self._run("kine", commands.store())
        self._until("kine", lambda: _listens(commands.store_port))
        self._run("kube-apiserver", commands.api_server())
        self._until("kube-apiserver", self.answers)
        self.files.write_kubeconfig(commands.server, self._token)
        self._run("kube-controller-manager", commands.controllers())
        self._run("kube-scheduler", commands.scheduler())
        self._run("kwok", commands.simulation())
        self._start_provisioner()
        # Pods of a namespace are refused until the controllers have made its service account.
        self._until(
            "kube-controller-manager", lambda: self.answers("/api/v1/namespaces/default/serviceaccounts/default")
        )

    def _start_provisioner(self) -> None:
        from lightkube import Client, KubeConfig

        from rohe_iac.trial_cluster.provisioner import Provisioner

        client = Client(config=KubeConfig.from_file(self.files.kubeconfig))
        provisioner = Provisioner(client, self.files.volumes)
        provisioner.create_class()
        provisioner.start()

    def answers(self, path: str = "/readyz") -> bool:
        """Returns whether the API server answers a request for `path` with success."""
        if not self.files.certificate.is_file():
            return False
        try:
            context = ssl.create_default_context(cafile=str(self.files.certificate))
            request = urllib.request.Request(
                self.commands.server + path, headers={"Authorization": f"Bearer {self._token}"}
            )
            with urllib.request.urlopen(request, timeout=5, context=context) as response:
                return int(response.status) == 200
        except (OSError, ValueError, urllib.error.URLError):
            return False

    def keep(self, stopped: Callable[[float], bool]) -> None:
        """Restarts programs that end, until `stopped` says so.

        Args:
            stopped: Waits as many seconds as it is given, and returns whether the control plane is to end.
        """
        while not stopped(0.2):
            for name, process in list(self.processes.items()):
                if process.poll() is None:
                    continue
                since = self._ended.setdefault(name, time.monotonic())
                if time.monotonic() - since >= _RESTART_AFTER:
                    del self._ended[name]
                    self._run(name, list(map(str, process.args)))  # type: ignore[arg-type]

    def end(self) -> None:
        """Ends all programs, those first that use others."""
        self.files.ready.unlink(missing_ok=True)
        running = [process for process in reversed(self.processes.values()) if process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _END_TIMEOUT
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for name in self.processes:
            self.files.pid(name).unlink(missing_ok=True)

    def _run(self, name: str, command: list[str]) -> None:
        if name not in self.processes:
            command = [sys.executable, "-I", "-S", str(session.__file__), str(os.getpid()), *command]
        with open(self.files.log(name), "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.files.path
            )
        self.files.pid(name).write_text(str(self.processes[name].pid))

    def _until(self, name: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not condition():
            status = self.processes[name].poll()
            if status is not None or time.monotonic() > deadline:
                why = f"ended with status {status}" if status is not None else f"did not answer for {START_TIMEOUT:g} s"
                raise StartFailed(f"{name} {why}; its log is {self.files.log(name)}")
            time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(files: ControlPlaneFiles, commands: ServerCommands, token: str, owner: int) -> int:
    """Runs a control plane until a signal or the end of its owner; returns the exit status.

    Args:
        files: The control plane's folder, prepared.
        commands: The command lines of its programs.
        token: The administrator's token.
        owner: Id of the process with which the control plane ends; 0 for none.
    """
    # The descriptor is never closed: the lock goes when this process has ended, and not before.
    try:
        fcntl.flock(os.open(files.lock, os.O_CREAT | os.O_WRONLY, 0o600), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"another control plane runs in {files.path}", file=sys.stderr, flush=True)
        return 1
    files.pid("keeper").write_text(str(os.getpid()))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    watched = [reading]
    if owner:
        try:
            watched.append(os.pidfd_open(owner))
        except ProcessLookupError:
            return 0
    keeper = Keeper(files, commands, token)
    try:
        keeper.start()
        files.ready.touch(mode=0o600)
        keeper.keep(lambda seconds: bool(select.select(watched, [], [], seconds)[0]))
    except StartFailed as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    finally:
        keeper.end()
        with suppress(FileNotFoundError):
            files.pid("keeper").unlink()
    return 0
