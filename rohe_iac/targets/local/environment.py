"""Environment of a process: finds its command, makes its paths absolute and resolves its secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.text.command_line import with_variables
from rohe_iac.blueprint.text.env_file import read_variables
from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import write_private
from rohe_iac.manifests.programs import places_searched, program_exists, search_path
from rohe_iac.targets.local.documents import PreparationSpec, ProcessSpec
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor.processes import MARK
from rohe_iac.targets.local.supervisor.program import LivenessProbe, Preparation, Program, ReadinessProbe
from rohe_iac.targets.named_secret import SecretMissing, read_secret

KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LOGNAME", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR",
        "TZ", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")  # fmt: skip
"""Variables beside PATH that a process inherits from the user that runs apply; all others come from the blueprint."""


class CommandMissing(RoheError):
    """A replica's command or working directory does not exist."""

    exit_code = ExitCode.UNREACHABLE


def program_of(
    process: ProcessSpec, layout: Layout, outer: Mapping[str, str], running: Program | None = None
) -> Program:
    """Returns the program of a process without writing anything.

    Args:
        process: The process.
        layout: The stack's paths.
        outer: The environment of the user that runs apply.
        running: The program to compare with. Its secrets replace those that cannot be found any more, and the command
            and the working directory need not exist.

    Raises:
        CommandMissing: The command or the working directory does not exist.
        SecretMissing: A secret cannot be found.
    """
    cwd = (layout.root / process.working_directory).absolute()
    if running is None and not cwd.is_dir():
        raise CommandMissing(f"{process.address}: its working directory {cwd} does not exist")
    inherited = {name: outer[name] for name in KEPT if name in outer}
    inherited["PATH"] = search_path(outer)
    inherited["PYTHONUNBUFFERED"] = "1"
    if process.serial:
        # Not part of what decides on a restart: they say which plan made the process, and do not change what it does.
        inherited |= {"ROHE_SERIAL": str(process.serial), "ROHE_DIGEST": process.digest}
    environment = dict(process.environment)
    environment |= {name: str(layout.folder.path / path) for name, path in process.paths.items()}
    # As in a container, a command line sees the variables of the blueprint and the plan, but no secret: every user of
    # this machine can read it.
    argv = tuple(with_variables(word, environment) for word in process.command)
    former = running.environment if running is not None else {}
    environment |= {name: _secret(process, source, outer, former.get(name)) for name, source in process.secrets.items()}
    environment[MARK] = str(layout.program(process.name))
    environment = {**_many_variables(process, outer, former, environment), **environment}
    preparations = tuple(_preparation(process, step, environment, outer, running) for step in process.preparations)
    if running is None:
        for words in (*(step.argv for step in preparations), argv):
            _check_command(process, words, cwd, environment.get("PATH", inherited["PATH"]))
        for device in process.devices:
            if not os.path.exists(device):
                raise CommandMissing(f"{process.address}: its device {device} does not exist on this machine")
    return Program(
        name=process.name,
        address=process.address,
        argv=argv,
        cwd=str(cwd),
        environment=environment,
        ports=process.ports,
        probe=_probe(process, process.readiness),
        startup=process.startup,
        cpu=process.cpu,
        memory=process.memory,
        inherited=inherited,
        files=sha256_hex(canonical_json(process.files)),
        liveness=_liveness(process),
        datagrams=process.datagrams,
        unenforced=process.unenforced,
        once=process.once,
        preparations=preparations,
    )


def _preparation(
    process: ProcessSpec,
    step: PreparationSpec,
    variables: Mapping[str, str],
    outer: Mapping[str, str],
    running: Program | None,
) -> Preparation:
    """Returns a step with the variables of its process, of which its own take the place."""
    before = running.preparations if running is not None else ()
    former = next((other.environment for other in before if other.name == step.name), {})
    secrets = {name: _secret(process, source, outer, former.get(name)) for name, source in step.secrets.items()}
    shown = {**{name: value for name, value in variables.items() if name not in process.secrets}, **step.environment}
    shown = {name: value for name, value in shown.items() if name not in secrets}
    argv = tuple(with_variables(word, shown) for word in step.command)
    return Preparation(step.name, argv, {**variables, **step.environment, **secrets})


def _many_variables(
    process: ProcessSpec, outer: Mapping[str, str], former: Mapping[str, str], others: Mapping[str, str]
) -> dict[str, str]:
    """Returns the variables of the secrets that hold several.

    Args:
        process: The process.
        outer: The environment of the user that runs apply.
        former: The variables of the running program, which replace those of secrets that cannot be found any more.
        others: The variables that count more.

    Raises:
        SecretMissing: A secret cannot be found, or holds no variables.
    """
    found: dict[str, str] = {}
    for source in process.variables:
        try:
            found |= read_variables(_secret(process, source, outer, None))
        except SecretMissing:
            if not former:
                raise
            return {name: value for name, value in former.items() if name not in others}
        except ValueError as error:
            # The message of the error may have a part of a secret.
            number = re.search(r"line \d+", str(error))
            brief = f"{process.address}: {number[0] if number else 'a line'} of the secret {source} is not NAME=VALUE"
            raise SecretMissing(
                brief, hint="write one NAME=VALUE a line; lines that begin with # are remarks"
            ) from None
    return found


def write_files(process: ProcessSpec, layout: Layout) -> None:
    """Writes the process's files and creates the folders for its paths; outboxes and stores are folders themselves."""
    files = layout.program(process.name) / "files"
    for name, content in process.files.items():
        files.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(files / name, content.encode())
    for path in process.paths.values():
        target = layout.folder.path / path
        folders = (layout.folder.outboxes, layout.folder.stores)
        folder = target if any(top in target.parents for top in folders) else target.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def files_match(process: ProcessSpec, layout: Layout) -> bool:
    """Returns whether the process's files exist with the contents described."""
    try:
        return all(
            (layout.program(process.name) / "files" / name).read_text(encoding="utf-8") == content
            for name, content in process.files.items()
        )
    except (OSError, UnicodeDecodeError):
        return False


def _check_command(process: ProcessSpec, argv: tuple[str, ...], cwd: Path, search: str) -> None:
    word = argv[0] if argv else ""
    if not program_exists(word, cwd, search):
        raise CommandMissing(
            f"{process.address}: its command '{word}' does not exist", detail=places_searched(word, cwd, search)
        )


def _probe(process: ProcessSpec, probe: dict[str, Any] | None) -> ReadinessProbe | None:
    if not probe:
        return None
    if "tcp" in probe:
        return ReadinessProbe(_port(process, probe["tcp"]))
    http = probe["http"]
    return ReadinessProbe(_port(process, http["port"]), http.get("path") or "/")


def _liveness(process: ProcessSpec) -> LivenessProbe | None:
    probe = process.liveness
    if not probe:
        return None
    if "heartbeat" in probe:
        return LivenessProbe("heartbeat", path=str(probe["heartbeat"]))
    asked = _probe(process, probe)
    if asked is None:
        return None
    times = {name: probe[name] for name in ("period", "failures") if name in probe}
    return LivenessProbe("http" if asked.path else "tcp", asked.port, asked.path, **times)


def _port(process: ProcessSpec, name: str | int) -> int:
    return process.ports[name] if isinstance(name, str) and name in process.ports else int(name)


def _secret(process: ProcessSpec, source: str, outer: Mapping[str, str], former: str | None) -> str:
    try:
        return os.fsdecode(read_secret(source, outer)) if source.startswith("env:") else _text(source, outer)
    except SecretMissing as error:
        if former is not None:
            return former
        raise SecretMissing(f"{process.address}: {error.brief}", detail=error.detail, hint=error.hint) from error


def _text(source: str, outer: Mapping[str, str]) -> str:
    """Returns the text of a secret that is a file, without the ends of lines after it."""
    content = read_secret(source, outer)
    try:
        return content.decode().rstrip("\n")
    except UnicodeDecodeError as error:
        brief = f"the secret {source} cannot be read"
        raise SecretMissing(brief, detail=str(error), hint="write it as text in UTF-8") from error
