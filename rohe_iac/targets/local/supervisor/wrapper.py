"""Wrapper: binds itself to the supervisor, sets environment and limits, and is then replaced by the program.

The supervisor starts this file as a script, in the interpreter's isolated mode and without the site module, so this
file imports the standard library alone: `wrapper.py programs/NAME`, relative to the folder `run` of the stack.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import math
import os
import signal
import sys
import time
from typing import Any

SUPERVISOR = "ROHE_SUPERVISOR"
"""Variable with the process id of the supervisor, for what the supervisor starts."""

ANNOUNCEMENT = "rohe: the last run"
"""How a line in a program's log begins that says how the run before ended."""

DONE = "done.json"
"""The file in the folder of a program that runs once that says of which digest it has ended well."""

BLOCK = 1024
"""Bytes that a file of state has at least, so that there is a block to write to when the disk is full."""

PR_SET_PDEATHSIG = 1
"""The option of prctl(2) that sets the signal which a process gets when its parent dies."""

QUICK = 10.0
"""Seconds below which a run counts as a quick end."""

FREE_RESTARTS = 3
"""Number of quick ends in a row after which a program is restarted at once."""

LONGEST_PAUSE = 30.0
"""Longest pause before a restart, in seconds."""


def pause_before(quick: int) -> float:
    """Returns the seconds to wait before a start after `quick` quick ends in a row: 0 for three, then 1, 2, 4 to 30."""
    return 0.0 if quick <= FREE_RESTARTS else float(min(LONGEST_PAUSE, 2.0 ** (quick - FREE_RESTARTS - 1)))


def start_ticks(pid: int) -> int | None:
    """Returns a process's start in clock ticks since boot (field 22 of /proc/PID/stat), or None for no process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return int(stream.read().rsplit(b")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def boot_id() -> str:
    """Returns the id of the machine's present boot, as process ids of another boot mean nothing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def begun_now() -> dict[str, float]:
    """Returns what a record says of when a run began: `began` for people, `since` to count from (`since`)."""
    return {"began": time.time(), "since": time.monotonic()}


def since(run: dict[str, Any]) -> float:
    """Returns when a recorded run began, in seconds of the monotonic clock, which all processes of a boot share.

    Args:
        run: The content of run.json.

    Returns:
        Minus infinity for a run of another boot, and where the record does not say.
    """
    began = run.get("since")
    return float(began) if isinstance(began, int | float) and run.get("boot") == boot_id() else -math.inf


def end_leftovers(run: dict[str, Any]) -> None:
    """Kills the rest of a recorded run's process group, unless another process has that group's number by now.

    The kernel gives a group's number to nobody while the group has members, so a living leader with another start time
    belongs to another group.

    Args:
        run: The content of run.json, with pid, ticks and boot.
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
    """Returns the JSON object in a file, or an empty one where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            value = json.load(stream)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: str, value: dict[str, Any]) -> None:
    """Writes a JSON object with mode 0600: atomically, or in place where the disk has no room for another file.

    An object that cannot be written at all is reported on stderr: a program runs without its record, too.
    """
    content = json.dumps(value).encode().ljust(BLOCK)
    temporary = f"{path}.{os.getpid()}"
    try:
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=0) as stream:
                if stream.write(content) != len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            with open(os.open(path, os.O_WRONLY), "wb", buffering=0) as stream:
                stream.write(content)
                stream.truncate()
    except OSError as error:
        print(f"rohe: {path} cannot be written: {error.strerror}", file=sys.stderr, flush=True)


def bind_to_supervisor() -> None:
    """Lets the kernel kill this process, and the program that replaces it, when the supervisor dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if str(os.getppid()) != os.environ.get(SUPERVISOR):
        raise SystemExit("the supervisor died before its program began")


def log_size(folder: str) -> int:
    """Returns the size of a program's log in bytes, 0 where there is none."""
    try:
        return os.stat(f"../logs/{os.path.basename(folder)}.log").st_size
    except OSError:
        return 0


def announce_last_end(folder: str) -> int:
    """Writes to the program's log how its last run ended, and returns where the output of this run begins there."""
    words = read_json(f"{folder}/end.json").get("words")
    line = f"{ANNOUNCEMENT} {words}\n" if words else ""
    size = log_size(folder)
    sys.stdout.write(line)
    sys.stdout.flush()
    return size + len(line.encode())


def begin(folder: str, digest: str, *, prepares: bool = False) -> None:
    """Ends leftovers of the last run, waits where the program keeps ending quickly, and records this run.

    Args:
        folder: The program's folder.
        digest: Digest of the program; another digest starts the counts anew.
        prepares: Whether commands run before the program, which begins when they have ended.
    """
    path = f"{folder}/run.json"
    last = read_json(path)
    end_leftovers(last)
    same = last.get("digest") == digest
    brief = same and time.monotonic() - since(last) < QUICK
    quick = int(last.get("quick", 0)) + 1 if brief else 0
    run: dict[str, Any] = {
        "pid": os.getpid(),
        "ticks": start_ticks(os.getpid()),
        "boot": boot_id(),
        "digest": digest,
        "starts": int(last.get("starts", 0)) + 1 if same else 1,
        "quick": quick,
        "last": last.get("pid") if same else None,
        "last_log": last.get("log") if same else None,
        "log": announce_last_end(folder) if same else log_size(folder),
        "state": "waiting",
        **begun_now(),
    }
    pause = pause_before(quick)
    if pause:
        write_json(path, run)
        time.sleep(pause)
    write_json(path, {**run, "state": "preparing" if prepares else "started", **begun_now()})


def forget_heartbeat(liveness: dict[str, Any] | None) -> None:
    """Sets the time of an agent's heartbeat to 0, which takes no room: one of an earlier run says nothing of this one.

    Args:
        liveness: The program's liveness probe; other kinds than `heartbeat` have no such file.
    """
    if liveness and liveness.get("kind") == "heartbeat":
        with contextlib.suppress(OSError):
            os.utime(f"../{liveness['path']}", (0, 0))


def limit(settings: dict[str, Any]) -> None:
    """Joins the control groups that were made for the program; one that cannot be joined is reported in the log."""
    for group in settings.get("cgroups", ()):
        try:
            with open(f"{group}/cgroup.procs", "w", encoding="ascii") as stream:
                stream.write(str(os.getpid()))
        except OSError as error:
            print(f"rohe: not limited by {group}: {error.strerror}", file=sys.stderr, flush=True)


def is_done(folder: str, digest: str) -> bool:
    """Checks whether a program that runs once has ended with exit code 0 as it is described now."""
    return bool(digest) and read_json(f"{folder}/{DONE}").get("digest") == digest


def prepare(folder: str, spec: dict[str, Any]) -> None:
    """Runs the preparations of a program, one after another, and records that the program begins after them.

    Their output is the program's. One that fails ends this process, so that the supervisor starts all of them again.
    """
    for step in spec["preparations"]:
        print(f"rohe: {step['name']} prepares", flush=True)
        child = os.fork()
        if not child:
            start(step["argv"], {**spec["inherited"], **step["environment"]})
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            how = f"exit code {status}" if status > 0 else f"signal {-status}"
            raise SystemExit(f"rohe: {step['name']} ended with {how}, so the program does not begin")
    write_json(f"{folder}/run.json", {**read_json(f"{folder}/run.json"), "state": "started", **begun_now()})


def start(argv: list[str], environment: dict[str, str]) -> None:
    """Replaces this process by a command; one that cannot be started ends it with a message and exit code 127."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        os.execvpe(argv[0], argv, environment)
    except OSError as error:
        print(f"rohe: cannot start {argv[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


def main(folder: str) -> None:
    """Replaces this process by the program whose settings are in `folder`."""
    bind_to_supervisor()
    settings = read_json(f"{folder}/program.json")
    if not settings:
        raise SystemExit(f"rohe: {folder} has no program")
    spec = settings["program"]
    if spec.get("once") and is_done(folder, settings["digest"]):
        raise SystemExit(0)
    begin(folder, settings["digest"], prepares=bool(spec.get("preparations")))
    forget_heartbeat(spec.get("liveness"))
    limit(settings)
    os.umask(0o077)
    # The folder of the program is relative to the present one.
    folder = os.path.abspath(folder)
    try:
        os.chdir(spec["cwd"])
        if spec.get("preparations"):
            prepare(folder, spec)
        os.execvpe(spec["argv"][0], spec["argv"], {**spec["inherited"], **spec["environment"]})
    except OSError as error:
        raise SystemExit(f"rohe: cannot start {spec['argv'][0]}: {error.strerror}") from None


if __name__ == "__main__":
    main(sys.argv[1])
