"""Settings: the files that the supervisor and the watchdog of a stack are started with."""

from __future__ import annotations

import os
import resource
import shlex
import sys

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import write_private
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor import wrapper

SETTINGS = """\
[supervisord]
logfile=../logs/supervisor.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile=supervisord.pid
childlogdir=../logs
umask=077
nodaemon=true
silent=true
minfds={descriptors}
{user}
[unix_http_server]
file=/proc/self/cwd/supervisor.sock
chmod=0600
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:watchdog]
command=./watch
autostart=true
autorestart=true
startsecs=1
startretries=1000000
stopsignal=KILL
redirect_stderr=true
stdout_logfile=../logs/watchdog.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=1
[include]
files=programs/*/program.conf
"""
"""The daemon's settings."""

STARTER = '#!/bin/sh\nexec {python} -I -S -X utf8 {wrapper} "$@"\n'
"""The script that starts the wrapper of a program, which reads paths as UTF-8 in every locale."""

PACKAGE = "rohe_iac.targets.local.supervisor"
"""The package of the daemon and the watchdog, which their command lines name."""

MODULE = ("-P", "-X", "utf8", "-m")
"""The interpreter's options to run a module, which reads paths as UTF-8 in every locale."""

WATCHER = f"#!/bin/sh\nexec {{python}} {' '.join(MODULE)} {PACKAGE}.watchdog {{folder}}\n"
"""The script that starts the watchdog."""

WATCHDOG = "watchdog"
"""The supervisor's name of the watchdog."""

DAEMONS = (f"{PACKAGE}.daemon".encode(), b"supervisor.supervisord")
"""What the command line of a daemon names; the second is the daemon of an earlier version of rohe."""

WATCHDOGS = (f"{PACKAGE}.watchdog".encode(), b"./watch\0")
"""What the command line of a watchdog names."""


DESCRIPTORS = 1024
"""Open files that the daemon allows itself, where the user's limit does."""

FEWEST_DESCRIPTORS = 96
"""Open files that the daemon, its sockets and the interpreter need beside the programs."""

DESCRIPTORS_PER_PROGRAM = 3
"""Open files that the daemon needs for a program: two pipes and the log."""


class TooFewDescriptors(RoheError):
    """The user's limit of open files is too low for the stack."""

    exit_code = ExitCode.UNREACHABLE


def check_descriptors(programs: int) -> None:
    """Checks that the supervisor may open as many files as a number of programs takes.

    Raises:
        TooFewDescriptors: It may not.
    """
    needed = FEWEST_DESCRIPTORS + DESCRIPTORS_PER_PROGRAM * programs
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise TooFewDescriptors(
            f"the limit of open files, {hard}, is too low: this stack needs {needed}",
            hint=f"raise the limit: `ulimit -n {max(DESCRIPTORS, needed)}`, then apply again",
        )


def write_settings(layout: Layout) -> None:
    """Writes the daemon's settings and the scripts that start the wrapper and the watchdog."""
    # With `user` set, the daemon does not warn that it runs as root.
    user = "user=root\n" if os.geteuid() == 0 else ""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    descriptors = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    python = shlex.quote(sys.executable)
    scripts = {
        "start": STARTER.format(python=python, wrapper=shlex.quote(str(wrapper.__file__))),
        "watch": WATCHER.format(python=python, folder=shlex.quote(str(layout.folder.path))),
    }
    for name, script in scripts.items():
        write_private(layout.run / name, os.fsencode(script))
        (layout.run / name).chmod(0o700)
    write_private(layout.supervisor_settings, SETTINGS.format(user=user, descriptors=descriptors).encode())
