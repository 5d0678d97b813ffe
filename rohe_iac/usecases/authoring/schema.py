"""`rohe schema`: the JSON Schema of the language's documents, for editors."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.documents.discovery import documents_under, root_of
from rohe_iac.blueprint.language.kinds import KINDS, OURS
from rohe_iac.blueprint.schema.reference import schema_of
from rohe_iac.foundation.errors import UsageError


def schema(kind: str) -> dict[str, Any]:
    """Returns the JSON Schema of one kind of document.

    Raises:
        UsageError: there is no such kind.
    """
    return schema_of(kind)


def write_schemas(folder: Path, kinds: Iterable[str] = tuple(KINDS)) -> list[Path]:
    """Writes one file a kind, `KIND.json` in lower case, and returns their paths.

    Raises:
        UsageError: the folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in kinds:
            path = folder / f"{kind.lower()}.json"
            path.write_text(json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise UsageError(f"cannot write schemas to {folder}: {error.strerror}").caused_by(error) from error
    return written


def modelines(folder: Path, schemas: Path, kinds: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Returns for each folder of a blueprint that has documents its name, and the modelines of their kinds.

    A modeline is relative to the file that it is in, so that documents of different folders need different ones.

    Args:
        folder: a folder of the blueprint.
        schemas: the folder of the schemas.
        kinds: the kinds that have a schema there.

    Returns:
        Folders relative to the root, sorted; none where the blueprint has no document of these kinds.
    """
    root = root_of(folder).resolve()
    found: dict[str, set[str]] = {}
    for file in documents_under(root):
        if file.source is not None and OURS.search(file.source.text):
            found.setdefault(posixpath.dirname(file.name), set()).update(_KIND.findall(file.source.text))
    lines = []
    for name in sorted(found):
        path = os.path.relpath(schemas.resolve(), (root / name).resolve()).replace(os.sep, "/")
        if chosen := [modeline(kind, path) for kind in kinds if kind in found[name]]:
            lines.append((name, chosen))
    return lines


_KIND = re.compile(r"^kind:[ \t]*[\"']?(\w+)", re.MULTILINE)
"""The kind of a document in a text."""


def modeline(kind: str, folder: str) -> str:
    """Returns the comment that names the schema of a document to editors' YAML extensions, without its `#`.

    Args:
        kind: the kind of the document.
        folder: the folder of the schemas, relative to the file of the document.
    """
    return f"yaml-language-server: $schema={folder.rstrip('/')}/{kind.lower()}.json"
