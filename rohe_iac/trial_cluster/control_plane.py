"""Control plane: starts, finds and stops one, from any process."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightkube import ApiError, Client, KubeConfig
from lightkube.codecs import from_dict

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import state_home
from rohe_iac.trial_cluster.files import ControlPlaneFiles
from rohe_iac.trial_cluster.programs import ClusterPrograms

_CONFLICT = 409
_STOP_TIMEOUT = 30.0
"""Seconds that a control plane has to end."""


class ControlPlaneFailed(RoheError):
    """A control plane does not start; the detail has the words of the program that failed."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A control plane in one folder, running or not.

    Attributes:
        files: Its folder.
    """

    files: ControlPlaneFiles

    @classmethod
    def of_user(cls) -> ControlPlane:
        """Returns the control plane that the user starts by hand, below the state folder."""
        return cls(ControlPlaneFiles(state_home() / "trial-cluster"))

    @property
    def running(self) -> bool:
        """Returns whether its keeper runs."""
        try:
            with open(self.files.lock, "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def start(
        self, programs: ClusterPrograms, *, owner: int = 0, progress: Callable[[str], None] = lambda _: None
    ) -> Path:
        """Starts it, unless it runs, and returns its kubeconfig when it answers.

        Args:
            programs: Where its executables are.
            owner: Id of the process with whose end it ends; 0 lets it run until it is stopped.
            progress: Receives a line for each step.

        Raises:
            ControlPlaneFailed: A program is missing or does not come up (exit code 10).
        """
        files = self.files
        files.prepare()
        # One starts it, and whoever comes meanwhile waits.
        with open(files.path / "start.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.running and files.ready.is_file()):
                self._start(programs, owner, progress)
        return files.kubeconfig

    def _start(self, programs: ClusterPrograms, owner: int, progress: Callable[[str], None]) -> None:
        files = self.files
        missing = programs.missing()
        if missing:
            raise ControlPlaneFailed(
                "programs of the control plane are missing",
                detail="\n".join(map(str, missing)),
                hint="`make cluster` builds them",
            )
        # A control plane that was killed has left it.
        files.ready.unlink(missing_ok=True)
        progress("starting the control plane")
        places = [str(programs.kubernetes), str(programs.kine), str(programs.kwok)]
        command = [sys.executable, "-m", "rohe_iac.trial_cluster.keeper_main", str(files.path), str(owner), *places]
        with open(files.log("keeper"), "ab") as log:
            start = log.tell()
            keeper = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=files.path, start_new_session=True
            )
        while not files.ready.is_file():
            if keeper.poll() is not None:
                words = files.log("keeper").read_bytes()[start:].decode(errors="replace").splitlines()
                raise ControlPlaneFailed(
                    "the control plane does not start",
                    detail="\n".join(words[-5:]),
                    hint=f"the logs are in {files.log('keeper').parent}",
                )
            time.sleep(0.05)

    def stop(self) -> bool:
        """Stops it and removes its folder; returns whether it ran.

        Raises:
            ControlPlaneFailed: It does not end (exit code 10).
        """
        ran = self.running
        if ran:
            keeper = int(self.files.pid("keeper").read_text())
            os.kill(keeper, signal.SIGTERM)
            deadline = time.monotonic() + _STOP_TIMEOUT
            while self.running:
                if time.monotonic() > deadline:
                    raise ControlPlaneFailed(
                        f"the control plane does not end within {_STOP_TIMEOUT:g} s", hint=f"kill process {keeper}"
                    )
                time.sleep(0.05)
        shutil.rmtree(self.files.path, ignore_errors=True)
        return ran

    def client(self) -> Client:
        """Returns a client of the running API server with all rights."""
        return Client(config=KubeConfig.from_file(self.files.kubeconfig))

    def create(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Creates objects; those that exist already stay as they are.

        Raises:
            lightkube.ApiError: The API server refuses one.
        """
        client = self.client()
        for document in documents:
            try:
                client.create(from_dict(dict(document)))
            except ApiError as error:
                if error.status.code != _CONFLICT:
                    raise
