"""What supervises nothing and becomes the program: sets its bonds, environment and limits, then execs it.

The supervisor starts this file as a script, with the interpreter's isolated mode and without the site module, so it
imports the standard library alone: `wrapper.py programs/NAME`, relative to the folder `run` of the stack.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from typing import Any

PR_SET_PDEATHSIG = 1


QUICK = 10.0
"""A run shorter than this many seconds counts as a quick end; three in a row and the restarts slow down."""


FREE_RESTARTS = 3


LONGEST_PAUSE = 30.0


def pause_before(quick: int) -> float:
    """Seconds to wait before the next start after `quick` quick ends in a row: none for three, then 1, 2, 4 to 30."""
    return 0.0 if quick <= FREE_RESTARTS else float(min(LONGEST_PAUSE, 2.0 ** (quick - FREE_RESTARTS - 1)))


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot (field 22 of /proc/PID/stat), or None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return int(stream.read().rsplit(b")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def boot_id() -> str:
    """Tells one boot of the machine from another, for process ids mean nothing across boots."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def end_leftovers(run: dict[str, Any]) -> None:
    """Kills what is left of a recorded run's process group; a number that another process has by now is left alone.

    While a group has members its number is given to nobody, so a living leader with another start time is a stranger.
    """
    group = run.get("pid")
    if not isinstance(group, int) or group <= 1 or run.get("boot") != boot_id():
        return
    ticks = start_ticks(group)
    if ticks is not None and ticks != run.get("ticks"):
        return
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def read_json(path: str) -> dict[str, Any]:
    """The JSON object in a file, or an empty one where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            value = json.load(stream)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: str, value: dict[str, Any]) -> None:
    """Writes atomically with mode 0600."""
    temporary = f"{path}.{os.getpid()}"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump(value, stream)
    os.replace(temporary, path)


def bind_to_supervisor() -> None:
    """The kernel kills this process, and what it becomes, when the supervisor dies; none outlives it unseen."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        with open("supervisord.pid", encoding="ascii") as stream:
            supervisor = int(stream.read())
    except (OSError, ValueError):
        supervisor = 0
    if os.getppid() != supervisor:
        raise SystemExit("the supervisor died before its program began")


def begin(folder: str, digest: str) -> None:
    """Ends leftovers of the last run, waits where the program keeps dying, and records this run."""
    path = f"{folder}/run.json"
    last = read_json(path)
    end_leftovers(last)
    same = last.get("digest") == digest
    brief = same and time.time() - float(last.get("began", 0)) < QUICK
    quick = int(last.get("quick", 0)) + 1 if brief else 0
    run: dict[str, Any] = {
        "pid": os.getpid(),
        "ticks": start_ticks(os.getpid()),
        "boot": boot_id(),
        "digest": digest,
        "starts": int(last.get("starts", 0)) + 1 if same else 1,
        "quick": quick,
        "state": "waiting",
        "began": time.time(),
    }
    pause = pause_before(quick)
    if pause:
        write_json(path, run)
        time.sleep(pause)
    write_json(path, {**run, "state": "started", "began": time.time()})


def limit(settings: dict[str, Any]) -> None:
    """Joins the control groups that were made for the program, where the kernel let them be made."""
    for group in settings.get("cgroups", ()):
        try:
            with open(f"{group}/cgroup.procs", "w", encoding="ascii") as stream:
                stream.write(str(os.getpid()))
        except OSError as error:
            print(f"rohe: not limited by {group}: {error.strerror}", file=sys.stderr, flush=True)


def main(folder: str) -> None:
    """Becomes the program whose settings are in `folder`."""
    bind_to_supervisor()
    settings = read_json(f"{folder}/program.json")
    if not settings:
        raise SystemExit(f"rohe: {folder} has no program")
    spec = settings["program"]
    begin(folder, settings["digest"])
    limit(settings)
    os.umask(0o077)
    try:
        os.chdir(spec["cwd"])
        os.execvpe(spec["argv"][0], spec["argv"], {**spec["inherited"], **spec["environment"]})
    except OSError as error:
        raise SystemExit(f"rohe: cannot start {spec['argv'][0]}: {error.strerror}") from None


if __name__ == "__main__":
    main(sys.argv[1])
