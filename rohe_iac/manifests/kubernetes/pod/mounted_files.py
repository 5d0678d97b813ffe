"""Mounted files: a ConfigMap a file of the repository, named by its content so that pods never read half of two."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.foundation.canonical import sha256_hex

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
"""The keys that a ConfigMap may have."""


@dataclass(frozen=True, slots=True)
class MountedFile:
    """One file of a service.

    Attributes:
        config_map: The name of its ConfigMap.
        key: Its key there.
        path: Where the replica finds it.
        content: Its bytes.
    """

    config_map: str
    key: str
    path: str
    content: bytes

    def entries(self) -> dict[str, Any]:
        """Returns the values of the template of its ConfigMap: `content` of text, `binary` of anything else."""
        try:
            text = self.content.decode("utf-8")
        except UnicodeDecodeError:
            return {"content": {}, "binary": {self.key: base64.b64encode(self.content).decode()}}
        return {"content": {self.key: text}, "binary": {}}

    def mount(self, index: int) -> dict[str, Any]:
        """Returns the volume mount of the file, the `index`-th of its service."""
        return {"name": f"file-{index}", "mountPath": self.path, "subPath": self.key, "readOnly": True}

    def volume(self, index: int) -> dict[str, Any]:
        """Returns the volume of the file, the `index`-th of its service."""
        return {"name": f"file-{index}", "configMap": {"name": self.config_map}}


def files_of(service: Service, topic: str, contents: Mapping[str, bytes]) -> tuple[MountedFile, ...]:
    """Returns the files of a service, in the order of the blueprint.

    Args:
        service: The service.
        topic: Its name, unique among the services of the stack.
        contents: The contents of files by path in the repository.
    """
    found = []
    for file in service.files:
        content = contents[file.from_]
        name = PurePosixPath(file.from_).name
        digest = sha256_hex(file.path.encode() + b"\0" + content)[:10]
        key = name if _KEY.fullmatch(name) and name not in (".", "..") else "file"
        found.append(MountedFile(f"{topic}-{digest}", key, file.path, content))
    return tuple(found)
