"""Files of a Compose service: bind mounts and configs of single files become `files`; `env_file` is read."""

from __future__ import annotations

import posixpath
import re

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

BIND = "a bind mount is a path of one machine; a file of the repository is put before a replica by `files`"


ABSENT = "there is no such file below the blueprint's root"


FOLDER = "`files` puts single files before a replica, and this is a folder"


_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=\s*(.*))?")


_COMMENT = re.compile(r"(?:^|\s)#")


def add_file(
    source: str,
    path: str,
    item: Field,
    referenced_files: ReferencedFiles,
    files: list[dict[str, str]],
    target: str,
    reason: str = BIND,
) -> None:
    """Adds a file to `files`; a file that is not below the blueprint's root is dropped.

    Args:
        source: The path of the file on the machine, as written.
        path: The path of the file in the container.
        item: The entry of the Compose file.
        referenced_files: Access to the file.
        files: The files of the service, added to.
        target: The name of the service in the journal.
        reason: Why the file is dropped, put before "there is no such file".
    """
    below_root = referenced_files.below_root(item.place.file, source)
    if below_root is None or not path.startswith("/"):
        item.drop(FOLDER if referenced_files.is_folder(item.place.file, source) else f"{reason}: {ABSENT}")
        return
    if all(known["path"] != path for known in files):
        files.append({"path": path, "from": below_root})
    item.map_to(f"{target}.files")


def add_configs(
    field: Field, declared: Field | None, referenced_files: ReferencedFiles, files: list[dict[str, str]], target: str
) -> None:
    """Adds the files of `configs`. declared: the `configs` of the whole Compose file."""
    configs = field.get("configs")
    for item in configs.as_list() if configs is not None else []:
        source = item.get("source") if item.is_mapping else item
        name = source.text if source is not None else ""
        config = next((part for key, part in declared.entries() if key == name), None) if declared is not None else None
        file = config.get("file") if config is not None and config.is_mapping else None
        if file is None:
            item.drop("a config is a file of the repository; this one is none that the Compose file names")
            continue
        where = item.get("target") if item.is_mapping else None
        path = where.text if where is not None and where.text else f"/{name}"
        add_file(file.text, posixpath.join("/", path), item, referenced_files, files, target, "a config is a file")


def variables_of(field: Field, referenced_files: ReferencedFiles) -> list[tuple[str, str, Field]]:
    """Returns the variables of all files that `env_file` names, in order: name, value, the entry with the file."""
    env_file = field.get("env_file")
    found: list[tuple[str, str, Field]] = []
    if env_file is None:
        return found
    for item in env_file.as_list():
        named = item.get("path") if item.is_mapping else item
        text = referenced_files.text(item.place.file, named.text) if named is not None and named.text else None
        if text is None:
            item.drop("the file is not there, or no text; write its variables under env")
            continue
        found += [(name, value, item) for name, value in read_variables(text)]
        item.note("the variables of the file are written out")
    return found


def read_variables(text: str) -> list[tuple[str, str]]:
    """Returns names and values of the NAME=VALUE lines of a text.

    `#` begins a comment, quotes are removed, a name without `=` has an empty value.
    """
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        value = match[2] or ""
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
            value = value if match[2][0] == '"' else value.replace("$", "$$")
        else:
            comment = _COMMENT.search(value)
            value = value if comment is None else value[: comment.start()].rstrip()
        found.append((match[1], value))
    return found
