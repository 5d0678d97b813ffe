"""`rohe doctor`: what rohe needs of this machine, whether it is there, and how to get what is missing."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from rohe_iac.deployment.engine.find import INSTALL_COMMAND, EngineMissing, engine_version, find_engine, minor_version
from rohe_iac.deployment.engine.plugin import EnginePlugin, find_plugin
from rohe_iac.deployment.programs.go_module import PULUMI
from rohe_iac.deployment.programs.go_toolchain import machine_go
from rohe_iac.deployment.programs.search import NoSuitableProgram
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import LEAST_ROOM, cache_home, free_bytes, state_home, write_obstacle
from rohe_iac.foundation.quantities import shown_bytes
from rohe_iac.foundation.settings import InvalidSettings
from rohe_iac.foundation.user_callables import installed_callables
from rohe_iac.usecases.plans.plugins import GROUPS

OLDEST_PYTHON = (3, 11)


REINSTALL = "python -m pip install --force-reinstall rohe-iac"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that rohe needs, or may need.

    Attributes:
        name: what it is.
        status: `ok`; `missing`, or `full` or `unwritable` of a folder, so that something does not work; `absent`,
            where nothing needs it now.
        version: its version; empty where it has none.
        found: where it is, or why it is not there.
        remedy: a command or a step that provides it; empty where nothing is to be done.
    """

    name: str
    status: Literal["ok", "missing", "full", "unwritable", "absent"]
    version: str = ""
    found: str = ""
    remedy: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing fails because of it."""
        return self.status in ("ok", "absent")


@dataclass(frozen=True, slots=True)
class BrokerProgram:
    """A program that can be the embedded broker of a stack.

    Attributes:
        name: name of the program, as in `broker: {embedded: {server: NAME}}`.
        mqtt: versions of MQTT that the program speaks.
        binary: returns the path of the program, or raises a RoheError.
        version: arguments that make the program print its version.
        default: whether a stack has this program unless it names another.
    """

    name: str
    mqtt: str
    binary: Callable[[], str]
    version: tuple[str, ...]
    default: bool


def examine(
    brokers: Sequence[BrokerProgram], plugins: Sequence[EnginePlugin], limits: Callable[[], tuple[str, str]]
) -> tuple[Check, ...]:
    """Returns a check of everything; writes nothing except files that are removed again at once.

    Args:
        brokers: the programs that can be the embedded broker.
        plugins: the plugins of the engine that only some targets need.
        limits: returns why the limits of services are not in force here, and what to do; ("", "") where they are.
    """
    engine = _engine()
    return (
        engine,
        _engine_library(engine.version),
        *(_plugin(plugin) for plugin in plugins),
        _go(needed=engine.status != "ok"),
        *(_broker(program) for program in brokers),
        _python(),
        _supervisor(),
        _numpy(),
        _plugins(),
        _provider(),
        _folder("state folder", state_home()),
        _folder("cache folder", cache_home()),
        _loopback(),
        _limits(limits),
    )


def _plugins() -> Check:
    """Returns the filters, scorers and strategies for the planner that are installed, without importing them."""
    found = [
        f"{kind} {entry.name} ({entry.distribution})"
        for kind, group in GROUPS.items()
        for entry in installed_callables(group)
    ]
    return Check("planner plugins", "ok" if found else "absent", found=", ".join(found) or "none is installed")


def _engine() -> Check:
    try:
        engine = find_engine(install=False)
    except (EngineMissing, InvalidSettings) as error:
        return Check("engine", "missing", found=error.detail or error.brief, remedy=error.hint)
    return Check("engine", "ok", engine.version, f"{engine.path} ({engine.place})")


def _engine_library(engine: str) -> Check:
    """Returns whether Pulumi's library is of the range that rohe asks for, and no newer than the engine.

    Args:
        engine: version of the engine that was found; empty where there is none.
    """
    name = "engine library"
    try:
        version = metadata.version("pulumi")
    except metadata.PackageNotFoundError:
        return Check(name, "missing", found="the Python package pulumi is not installed", remedy=REINSTALL)
    where = str(metadata.distribution("pulumi").locate_file("pulumi"))
    tested = engine_version()
    if minor_version(version) != minor_version(tested):
        why = f"pulumi {version} is installed, rohe is tested with {tested}"
        return Check(name, "missing", version, why, f"python -m pip install 'pulumi=={tested}'")
    if engine and minor_version(engine) < minor_version(version):
        why = f"pulumi {version} is newer than the engine {engine}"
        return Check(name, "missing", version, why, f"unset ROHE_PULUMI and run `{INSTALL_COMMAND}`")
    return Check(name, "ok", version, where)


def _plugin(plugin: EnginePlugin) -> Check:
    """Returns whether a plugin of the engine is there, which only stacks of its target need."""
    name = f"{plugin.name} provider"
    try:
        found = find_plugin(plugin, install=False)
    except InvalidSettings as error:
        return Check(name, "missing", found=error.brief, remedy=error.hint)
    except NoSuitableProgram as error:
        why = error.detail if error.detail and "none on PATH" not in error.detail else "not installed"
        return Check(name, "absent", found=f"{why}; only stacks of the target {plugin.name} need it ({error.hint})")
    return Check(name, "ok", found.version, f"{found.path} ({found.place})")


def _numpy() -> Check:
    """Returns whether NumPy is there, which only plans of fleets use."""
    try:
        version = metadata.version("numpy")
    except metadata.PackageNotFoundError:
        why = "not needed; plans of more than 1,000 nodes are made faster with it: pip install 'rohe-iac[fleets]'"
        return Check("numpy", "absent", found=why)
    return Check("numpy", "ok", version, str(metadata.distribution("numpy").locate_file("numpy")))


def _go(*, needed: bool) -> Check:
    found = machine_go(PULUMI.path)
    if found is not None:
        return Check("go", "ok", found[1], str(found[0]))
    why = (
        "`rohe engine install` fetches one with pip if it has to build" if needed else "not needed, the engine is there"
    )
    return Check("go", "absent", found=why)


def _broker(program: BrokerProgram) -> Check:
    name = "broker" if program.default else f"broker {program.name}"
    try:
        path = program.binary()
    except RoheError as error:
        if program.default:
            return Check(name, "missing", found=error.detail or error.brief, remedy=error.hint)
        return Check(name, "absent", found=f"not needed; it would serve clients of MQTT {program.mqtt}")
    version = re.search(r"\d+(?:\.\d+)+", _output([path, *program.version], codes=(0, 3)))
    if version is None:
        remedy = REINSTALL if program.default else ""
        return Check(name, "missing", found=f"{path} does not print its version", remedy=remedy)
    return Check(name, "ok", version[0], f"{path} (MQTT {program.mqtt})")


def _python() -> Check:
    fits = sys.version_info >= OLDEST_PYTHON
    remedy = "" if fits else "install Python 3.11 or newer, and rohe with it"
    return Check("python", "ok" if fits else "missing", platform.python_version(), sys.executable, remedy)


def _supervisor() -> Check:
    try:
        version = metadata.version("supervisor")
    except metadata.PackageNotFoundError:
        return Check(
            "supervisor", "missing", found="not installed", remedy="python -m pip install 'supervisor>=4.3,<5'"
        )
    return Check("supervisor", "ok", version, str(metadata.distribution("supervisor").locate_file("supervisor")))


def _provider() -> Check:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("pulumi-resource-rohe", path=beside) or shutil.which("pulumi-resource-rohe")
    if found is None:
        why = f"pulumi-resource-rohe is neither in {beside} nor on PATH"
        return Check("provider", "missing", found=why, remedy=REINSTALL)
    return Check("provider", "ok", _own_version(), found)


def _own_version() -> str:
    from rohe_iac import __version__

    return __version__


def _folder(name: str, path: Path) -> Check:
    """Returns whether files can be written to a folder, or to the nearest one above it that exists, and its room."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    variable = "XDG_STATE_HOME" if name.startswith("state") else "XDG_CACHE_HOME"
    remedy = f"make room or make it writable, or set {variable} to a folder that is"
    why, full = write_obstacle(path), free_bytes(path) < LEAST_ROOM
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".rohe-doctor-"):
            pass
    except OSError as error:
        why = why or f"{existing} cannot be written to: {error.strerror}"
        full = full or error.errno in (errno.ENOSPC, errno.EDQUOT)
    if why:
        return Check(name, "full" if full else "unwritable", found=why, remedy=remedy)
    return Check(name, "ok", found=f"{path} ({shown_bytes(free_bytes(path))} free)")


def _limits(limits: Callable[[], tuple[str, str]]) -> Check:
    """Returns whether limits of memory and processor time would be in force for the processes of a stack."""
    why, remedy = limits()
    if why:
        return Check("limits", "missing", found=f"limits of services are not in force: {why}", remedy=remedy)
    return Check("limits", "ok", found="control groups for memory and cpu")


def _loopback() -> Check:
    """Returns whether a connection can be made over the loopback device."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(5)
            with socket.create_connection(server.getsockname(), timeout=5):
                connection, _ = server.accept()
                connection.close()
    except OSError as error:
        return Check(
            "loopback", "missing", found=f"127.0.0.1: {error}", remedy="bring the loopback device up: ip link set lo up"
        )
    return Check("loopback", "ok", found="127.0.0.1")


def _output(command: list[str], codes: Sequence[int] = (0,)) -> str:
    """Returns what a command prints; nothing where it ends with another exit code or takes more than 20 seconds."""
    try:
        done = subprocess.run(
            command,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode in codes else ""
