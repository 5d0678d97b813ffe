"""Process keeper: the parent of a user function's process, which leaves none of its descendants behind.

It adopts descendants whose parents have ended (a subreaper, prctl(2)), so that also those with sessions of their own
are found. It ends all of them when the function's process ends, when it gets SIGTERM, and when the agent is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import NoReturn

from rohe_iac.observation.judging.process_family import descendants, send

PDEATHSIG = 1
"""Number of the option of prctl(2) that says which signal a process gets when its parent ends."""

CHILD_SUBREAPER = 36
"""Number of the option of prctl(2) by which a process adopts its descendants whose parents have ended."""

AWAITED = frozenset({signal.SIGCHLD, signal.SIGTERM})
"""Signals that a keeper waits for."""


def fork_kept(descriptor: int) -> None:
    """Forks, and returns in the child alone; the parent becomes its keeper and ends as the child does.

    Args:
        descriptor: Number of the socket that only the child goes on to use.
    """
    agent = os.getppid()
    former = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    _control(PDEATHSIG, signal.SIGTERM)
    _control(CHILD_SUBREAPER, 1)
    keeper = os.getpid()
    child = os.fork()
    if child:
        os.close(descriptor)
        # No signal reports an agent that ended before it was asked for.
        _keep(child, ended=os.getppid() != agent)
    _control(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_SETMASK, former)
    with contextlib.suppress(OSError):
        # The system ends it first where memory is short.
        Path("/proc/self/oom_score_adj").write_text("1000")


def _control(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value)


def _keep(child: int, *, ended: bool) -> NoReturn:
    code = None
    while not ended and code is None:
        ended = signal.sigwait(AWAITED) == signal.SIGTERM
        code = _reap(child)
    if code is None:
        # Where /proc does not list it.
        send([child], signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            send(descendants(os.getpid()), signal.SIGKILL)
            os.waitpid(-1, 0)
    code = code or 0
    if code < 0:
        _end_by(-code)
    os._exit(code)


def _reap(child: int) -> int | None:
    """Collects the descendants that have ended, and returns the exit code of the child if it is one of them."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            if found[0] == child:
                code = os.waitstatus_to_exitcode(found[1])
    return code


def _end_by(number: int) -> None:
    """Ends this process by a signal, so that the agent sees what ended the function's process."""
    with contextlib.suppress(OSError, ValueError):
        # A dump of the keeper would only replace that of the function's process.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
