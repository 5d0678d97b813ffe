"""The root of a blueprint and the files that belong to it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.text.reader import MAX_BYTES
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.regular_file import NotRegular, TooLarge, read_regular

ROOT_FILE = "rohe.yaml"


MAX_FILES = 20_000
"""The most files of a blueprint."""


MAX_TOTAL = 64 * 2**20
"""The most bytes that all files of a blueprint may have."""


MAX_UNREAD = 100
"""The most unreadable folders that are reported."""


MAX_SHOWN_PATH = 300
"""The longest path of such a folder that is shown whole, in characters."""


def root_of(directory: Path) -> Path:
    """Returns the nearest folder upwards with `rohe.yaml`, else the top of the Git tree, else the folder; absolute.

    Raises:
        UsageError: There is no such folder.
    """
    folder = Path(os.path.abspath(directory))
    if not folder.is_dir():
        raise UsageError(f"there is no folder {directory}", hint="name the folder of a blueprint with -C DIR")
    ancestors = (folder, *folder.parents)
    for mark in (ROOT_FILE, ".git"):
        for ancestor in ancestors:
            if os.path.lexists(ancestor / mark):
                return ancestor
    return folder


def project_of(root: Path) -> str:
    """Returns the project id: `project:` of rohe.yaml, else `local-` and 8 digits of a digest of the root's path.

    Raises:
        UsageError: The id in rohe.yaml is not a name.
    """
    from rohe_iac.blueprint.text.reader import read_plain
    from rohe_iac.foundation.names import is_name

    try:
        content = (root / ROOT_FILE).read_bytes()[:MAX_BYTES]
    except OSError:
        content = b""
    plain = read_plain(content.decode("utf-8", "replace"))
    first = plain.values[0] if plain.values else None
    named = first.get("project") if isinstance(first, dict) else None
    if named is None:
        return f"local-{sha256_hex(os.fsencode(root))[:8]}"
    if not isinstance(named, str) or not is_name(named):
        raise UsageError(
            f"the project id in {root / ROOT_FILE} is not a name",
            hint="project: takes at most 63 characters a-z, 0-9 and inner hyphens",
        )
    return named


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of the blueprint.

    Attributes:
        name: Path relative to the root, with `/`.
        sha256: Digest of the bytes; "" where the file could not be read.
        source: The text; None where the file could not be read.
        faults: Why the file could not be read.
        unread_names: Names in a file that could not be read.
    """

    name: str
    sha256: str
    source: SourceText | None
    faults: tuple[Diagnostic, ...] = ()
    unread_names: frozenset[str] = frozenset()


def names_in_unreadable(text: str) -> frozenset[str]:
    """Returns every name in a text that cannot be read; references to these names are not reported as faults."""
    return frozenset(_NAME_FIELD.findall(text))


_NAME_FIELD = re.compile(r"\bname[\"']?[ \t]*:[ \t]*[\"']?([a-z0-9][-a-z0-9]{0,62})\b")


def documents_under(root: Path, within: Path | None = None) -> Iterator[ReadFile]:
    """Yields all `*.yaml` and `*.yml` files, sorted by path: under `blueprints/`, or under the root without it.

    Folders whose name begins with a dot, and folders that are symbolic links, are left out.

    Args:
        root: The blueprint's root.
        within: A folder to search instead.

    Raises:
        UsageError: There are too many files, or too many bytes in them.
    """
    top = within or (root / "blueprints" if (root / "blueprints").is_dir() else root)
    names: list[str] = []
    unread: list[OSError] = []
    for folder, folders, files in os.walk(top, onerror=unread.append):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS)
        names += [
            os.path.join(folder, name)
            for name in files
            if name.endswith((".yaml", ".yml")) and not name.startswith(".")
        ]
        if len(names) > MAX_FILES:
            raise UsageError(
                f"more than {MAX_FILES:,} YAML files under {top}", hint="put the documents under blueprints/"
            )
    for error in unread[:MAX_UNREAD]:
        name = os.path.relpath(str(error.filename), root).replace(os.sep, "/")
        shown = name if len(name) <= MAX_SHOWN_PATH else f"{name[:MAX_SHOWN_PATH]}..."
        yield _refuse(shown, Diagnostic(Place(shown), "R012", f"the folder cannot be read: {error.strerror}"))
    names = [name for name in names if name != str(root / ROOT_FILE)]
    total = _total_size(names)
    if total > MAX_TOTAL:
        message = f"the YAML files under {top} are larger than {MAX_TOTAL >> 20} MiB together"
        raise UsageError(f"{message}: {total / 2**20:,.0f} MiB", hint="check a part of them, file by file")
    for path in sorted(names, key=lambda name: name.split(os.sep)):
        yield read_file(root, path)


def _total_size(names: list[str]) -> int:
    """Returns the bytes of all files that may be read; files that are too large are refused one by one."""
    total = 0
    for name in names:
        try:
            size = os.stat(name).st_size
        except OSError:
            continue  # reported when the file is read
        total += size if size <= MAX_BYTES else 0
    return total


_SKIPPED_FOLDERS = frozenset(("node_modules", "__pycache__", "site-packages"))


def read_file(root: Path, path: Path | str) -> ReadFile:
    """Returns the text of one file, or why it is refused: larger than MAX_BYTES, or not a regular file."""
    full_path, prefix = str(path), f"{root}{os.sep}"
    # relpath is slow, so it is used only where the path is not simply below the root.
    below = full_path.startswith(prefix) and ".." not in full_path
    name = (full_path[len(prefix) :] if below else os.path.relpath(path, root)).replace(os.sep, "/")
    place = Place(name)
    try:
        content = read_regular(path, MAX_BYTES)
    except NotRegular as error:
        return _refuse(name, Diagnostic(place, "R012", f"{error.strerror}"))
    except TooLarge as error:
        return _refuse(name, Diagnostic(place, "R002", f"{error.strerror}", "split it into several files"))
    except OSError as error:
        return _refuse(name, Diagnostic(place, "R012", f"the file cannot be read: {error.strerror}"))
    return decode_file(name, content)


def decode_file(name: str, content: bytes) -> ReadFile:
    """Returns the text of `content`, or why it is refused: it has to be UTF-8 without NUL."""
    digest = sha256_hex(content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        fault = Diagnostic(Place(name), "R013", "the file is in UTF-16 or UTF-32", "save it as UTF-8")
        return _refuse(name, fault, content.replace(b"\0", b""))
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    nul = content.find(b"\0")
    if nul >= 0:
        return _refuse(
            name,
            Diagnostic(
                _place_of_byte(name, content, nul), "R013", "the file holds a NUL byte", "save it as UTF-8 text"
            ),
            content,
        )
    try:
        return ReadFile(name, digest, SourceText(name, content.decode("utf-8")))
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8: byte 0x{content[error.start]:02x}"
        fault = Diagnostic(_place_of_byte(name, content, error.start), "R013", message, "save it as UTF-8")
        return _refuse(name, fault, content)


def _place_of_byte(name: str, content: bytes, offset: int) -> Place:
    begin = content.rfind(b"\n", 0, offset) + 1
    return Place(name, content.count(b"\n", 0, offset) + 1, len(content[begin:offset].decode("utf-8", "replace")) + 1)


def _refuse(name: str, fault: Diagnostic, content: bytes = b"") -> ReadFile:
    assert fault.severity is Severity.ERROR
    return ReadFile(name, "", None, (fault,), names_in_unreadable(content.decode("ascii", "ignore")))
