"""Checks of variables and their files, and of users that are stated twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.language.pipeline import Alternative, InitStep, Service
from rohe_iac.blueprint.text.env_file import read_variables
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.secret_text import is_secret


def check_variables(document: Document, base: Path, service: Service, root: FilePath) -> Iterator[Finding]:
    """Yields the first fault of each file of variables that exists."""
    for index, source in enumerate(service.env_from):
        if source.file is None:
            continue
        try:
            read_variables((root / source.file).read_text(encoding="utf-8"))
        except ValueError as error:  # no UTF-8, too
            fault = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
            message = f"the file '{source.file[:60]}' holds no variables: {fault}"
            hint = "one NAME=VALUE a line; lines that begin with # are remarks"
            yield Finding(document, (*base, "envFrom", index, "file"), "R251", message, hint)
        except OSError:
            continue  # a missing file is reported with all other files


def check_clear_secrets(
    document: Document, base: Path, service: Service, parts: Sequence[tuple[Path, Alternative]]
) -> Iterator[Finding]:
    """Yields a warning for each variable that holds a secret as it is.

    Args:
        document: The document of the service.
        base: Path of the service.
        service: The service.
        parts: Its variants and members with their paths.
    """
    steps = [((*base, "init", index), step) for index, step in enumerate(service.init)]
    holders: list[tuple[Path, Service | Alternative | InitStep]] = [(base, service), *parts, *steps]
    for path, holder in holders:
        for name, value in (holder.env or {}).items():
            if isinstance(value, str) and "{" not in value and is_secret(name, value):
                message = f"'{name[:63]}' holds a secret, which documents and plans show to whoever reads them"
                hint = f"write {{secret: 'env:{name[:63]}'}}, or {{secret: 'file:PATH'}}"
                yield warning(document, (*path, "env", name), "R255", message, hint)


def check_user(document: Document, base: Path, service: Service) -> Iterator[Finding]:
    """Yields a finding where a service states its user, and another one for clusters."""
    context = service.kubernetes.security_context
    if service.user is not None and context.run_as_user is not None:
        path = (*base, "kubernetes", "securityContext", "runAsUser")
        yield Finding(document, path, "R116", "the service has a user already", "keep user, or runAsUser")
