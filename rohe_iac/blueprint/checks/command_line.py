"""Checks of command lines: every reference names a port or a variable that the replica has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference, warning
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.blueprint.hints.writing import quoted_text
from rohe_iac.blueprint.language.pipeline import Alternative, SecretValue, Service
from rohe_iac.blueprint.text.command_line import (
    REPLICA_VARIABLES,
    main_port,
    port_variable,
    ports_in,
    variables_in,
)
from rohe_iac.blueprint.text.parsed import Path

_SHELL_PID = re.compile(r"(?<!\$)\$\$(?![$(])")
"""Two signs that escape nothing: the process id in a shell, which would be lost without a word."""


def check_command_lines(
    document: Document, base: Path, service: Service, parts: list[tuple[Path, Alternative]]
) -> Iterator[Finding]:
    """Yields every finding of the command lines of a service and of its variants or members.

    Args:
        document: The document of the pipeline.
        base: The path of the service.
        service: The service.
        parts: Its variants or members, each with its path; the service does not run by itself beside them.
    """
    found: dict[tuple[Path, str], Finding] = {}
    running: list[tuple[Path, Alternative | Service]] = [*parts] or [(base, service)]
    for path, part in running:
        env = service.env if part.env is None else part.env
        secrets = {name for name, value in env.items() if isinstance(value, SecretValue)}
        for field in ("command", "args"):
            own = getattr(part, field)
            words, place = (getattr(service, field), base) if own is None else (own, path)
            for index, word in enumerate(words):
                if "$" in word or "{port" in word:
                    for finding in _check_word(
                        document, (*place, field, index), word, service, env.keys(), secrets, guess=own is not None
                    ):
                        # Members that have the service's own command have the same findings.
                        found.setdefault((finding.path, finding.message), finding)
    for number, step in enumerate(service.init):
        env = {**service.env, **step.env}
        secrets = {name for name, value in env.items() if isinstance(value, SecretValue)}
        for field in ("command", "args"):
            for index, word in enumerate(getattr(step, field)):
                if "$" in word or "{port" in word:
                    path = (*base, "init", number, field, index)
                    yield from _check_word(document, path, word, service, env.keys(), secrets, guess=True)
    yield from found.values()


def _check_word(
    document: Document, path: Path, word: str, service: Service, env: Collection[str], secrets: set[str], *, guess: bool
) -> Iterator[Finding]:
    ports = [port.name for port in service.ports]
    at = path[: len(("spec", "services", 0))]
    declared: Path = (*at, "ports")
    for name in ports_in(word):
        if name or ports:
            yield from check_reference(
                document, path, "R208", "port", name or main_port(ports), ports, whole=word, among=(declared,)
            )
        else:
            message = f"'{word[:60]}' needs the port of service '{service.name}', which has none"
            hint = "add ports: [{name: http}] to the service; for the text itself write \\{port}"
            yield Finding(document, path, "R208", message, hint, of=(declared,))
    known = {*REPLICA_VARIABLES, *map(port_variable, ports), *env}
    for name in variables_in(word):
        if name in secrets:
            message = f"'{name}' is a secret, and every user of a machine can read the command lines on it"
            yield Finding(document, path, "R136", message, f"let the program read the variable {name} itself")
        elif name not in known and not service.env_from:  # which has more variables than the document says
            # A command line that several parts have is right for those that have the variable.
            near = nearest(name, sorted(known)) if guess else ""
            if near:
                near = f"did you mean {quoted_text(word.replace(f'$({name})', f'$({near})'))}?"
            else:
                near = "add the port under ports" if name.startswith("ROHE_PORT_") else f"add {name[:60]} under env"
            hint = f"{near} (for the text itself write $$({name[:60]}))"
            of = tuple((*above, field) for above in (at, path[:-2]) for field in ("env", "envFrom"))
            of = (*of, declared) if name.startswith("ROHE_PORT_") else of
            yield Finding(document, path, "R136", f"a replica has no variable '{name[:60]}'", hint, of=of)
    if _SHELL_PID.search(word) is not None:
        message = f"in '{word[:60]}', $$ becomes $, as in Kubernetes"
        yield warning(document, path, "R136", message, "write $$$$ where the program needs $$")
