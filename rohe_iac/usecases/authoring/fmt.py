"""`rohe fmt`: documents in their normal form, comments kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.documents.discovery import ReadFile, decode_file, documents_under, read_file, root_of
from rohe_iac.blueprint.documents.tree import read_tree
from rohe_iac.blueprint.language.kinds import OURS
from rohe_iac.blueprint.text.formatting import NoNormalForm, format_yaml
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.diagnostics import InvalidBlueprint, Severity
from rohe_iac.foundation.errors import UsageError


@dataclass(frozen=True)
class Formatted:
    """What formatting did.

    Attributes:
        changed: files that were rewritten, or would be where they are only checked.
        odd: files that have no normal form, with the line and the reason.
        foreign: files that were named and have no document of rohe.
        read: how many files have a document of rohe.
    """

    changed: tuple[Path, ...]
    odd: tuple[tuple[Path, int, str], ...]
    foreign: tuple[Path, ...]
    read: int


def format_documents(paths: Sequence[Path], *, check: bool = False) -> Formatted:
    """Rewrites every file with documents of rohe that is not in the normal form.

    Args:
        paths: folders and files.
        check: only find the files, and write nothing.

    Raises:
        InvalidBlueprint: a text is not YAML.
        UsageError: a path does not exist, or a file cannot be written.
    """
    changed: list[Path] = []
    odd: list[tuple[Path, int, str]] = []
    foreign: list[Path] = []
    count = 0
    for path, file in _files(paths):
        if file.source is None:
            raise InvalidBlueprint(file.faults)
        if not OURS.search(file.source.text):
            if path in paths:
                foreign.append(path)
            continue
        count += 1
        try:
            result = _normal(file)
        except NoNormalForm as error:
            odd.append((path, error.line, error.reason))
            continue
        if result != file.source.text:
            changed.append(path)
            if not check:
                _write(path, result)
    return Formatted(tuple(changed), tuple(odd), tuple(foreign), count)


def format_text(content: bytes) -> tuple[str, bool]:
    """Returns the normal form of a text from a pipe, and whether it differs from the text.

    Raises:
        InvalidBlueprint: the text is not YAML.
        UsageError: the text has no normal form.
    """
    file = decode_file("-", content)
    if file.source is None:
        raise InvalidBlueprint(file.faults)
    try:
        result = _normal(file)
    except NoNormalForm as error:
        raise UsageError(f"-:{error.line}: {error.reason}") from error
    return result, result != file.source.text


def _normal(file: ReadFile) -> str:
    """Returns the normal form of a file's text.

    Raises:
        InvalidBlueprint: the text is not YAML.
        NoNormalForm: no layout keeps the text whole.
    """
    assert file.source is not None
    if not read_plain(file.source.text).values:
        _raise_faults(file)
    return format_yaml(file.source.text)


def _raise_faults(file: ReadFile) -> None:
    """Raises InvalidBlueprint where the text of a file is not YAML."""
    faults = [item for item in read_tree(Path(), [file]).all_diagnostics() if item.code.startswith("R0")]
    if any(item.severity is Severity.ERROR for item in faults):
        raise InvalidBlueprint(faults)


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, ReadFile]]:
    """Yields every file with documents below the folders, and the files themselves."""
    for path in paths:
        if path.is_dir():
            root, folder = root_of(path), path.resolve()
            found = documents_under(root, None if folder == root.resolve() else folder)
            yield from ((root / file.name, file) for file in found)
        elif path.is_file():
            yield path, read_file(root_of(path.parent), Path.cwd() / path)
        else:
            raise UsageError(f"there is no file or folder {path}")


def _write(path: Path, text: str) -> None:
    """Replaces a file at once by one with this text and the same mode."""
    target = path.resolve()
    if not target.stat().st_mode & 0o222:
        raise UsageError(
            f"cannot write {path}: it is read-only", hint="`rohe fmt --check` only shows what would change"
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}").caused_by(error) from error
