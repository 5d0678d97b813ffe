"""Files of a Compose service: bind mounts and configs of single files are put before a replica, env_file is read."""

from __future__ import annotations

import posixpath
import re

from rohe_iac.importing.foreign.beside import Beside
from rohe_iac.importing.foreign.journal import Field

BIND = "a bind mount is a path of one machine; a file of the repository is put before a replica by `files`"


ABSENT = "there is no such file below the blueprint's root"


FOLDER = "`files` puts single files before a replica, and this is a folder"


_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=\s*(.*))?")


_COMMENT = re.compile(r"(?:^|\s)#")


def take_file(
    source: str, path: str, item: Field, beside: Beside, files: list[dict[str, str]], target: str, reason: str = BIND
) -> None:
    """A file of the machine that a container sees at `path`; told as not mapped where it is none of the blueprint's."""
    found = beside.below_root(item.place.file, source)
    if found is None or not path.startswith("/"):
        item.drop(FOLDER if beside.is_folder(item.place.file, source) else f"{reason}: {ABSENT}")
        return
    if all(known["path"] != path for known in files):
        files.append({"path": path, "from": found})
    item.to(f"{target}.files")


def take_configs(
    field: Field, declared: Field | None, beside: Beside, files: list[dict[str, str]], target: str
) -> None:
    """`configs`: names of files that the Compose file declares at its end."""
    listed = field.get("configs")
    for item in listed.listed() if listed is not None else []:
        source = item.get("source") if item.is_mapping else item
        name = source.text if source is not None else ""
        config = next((part for key, part in declared.entries() if key == name), None) if declared is not None else None
        file = config.get("file") if config is not None and config.is_mapping else None
        if file is None:
            item.drop("a config is a file of the repository; this one is none that the Compose file names")
            continue
        where = item.get("target") if item.is_mapping else None
        path = where.text if where is not None and where.text else f"/{name}"
        take_file(file.text, posixpath.join("/", path), item, beside, files, target, "a config is a file")


def variables_of(field: Field, beside: Beside) -> list[tuple[str, str, Field]]:
    """The variables of all files that `env_file` names, in order: name, value, the entry that names the file."""
    listed = field.get("env_file")
    found: list[tuple[str, str, Field]] = []
    if listed is None:
        return found
    for item in listed.listed():
        named = item.get("path") if item.is_mapping else item
        text = beside.text(item.place.file, named.text) if named is not None and named.text else None
        if text is None:
            item.drop("the file is not there, or no text; write its variables under env")
            continue
        found += [(name, value, item) for name, value in read_variables(text)]
        item.note("the variables of the file are written out")
    return found


def read_variables(text: str) -> list[tuple[str, str]]:
    """NAME=VALUE lines; `#` begins a comment, quotes are taken off, a name without a sign is empty."""
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
