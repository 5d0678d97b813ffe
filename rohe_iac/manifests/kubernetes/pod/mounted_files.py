"""Mounted files: a ConfigMap a file of the repository, named by its content so that pods never read half of two.

A file with the value of a secret is mounted from the Secret of the cluster, whose content nobody reads here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.secret_source import reference_of

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
        if file.from_ is None:
            continue
        content = contents[file.from_]
        name = PurePosixPath(file.from_).name
        digest = sha256_hex(file.path.encode() + b"\0" + content)[:10]
        key = name if _KEY.fullmatch(name) and name not in (".", "..") else "file"
        found.append(MountedFile(f"{topic}-{digest}", key, file.path, content))
    return tuple(found)


def add_files(
    mounts: list[dict[str, Any]], volumes: list[dict[str, Any]], files: Sequence[MountedFile], service: Service
) -> None:
    """Adds the files of a service to its volume mounts and volumes: those of the repository, and those of secrets.

    Args:
        mounts: The volume mounts, added to.
        volumes: The volumes, added to.
        files: The files of the repository.
        service: The service.
    """
    for index, mounted in enumerate(files):
        mounts.append(mounted.mount(index))
        volumes.append(mounted.volume(index))
    for index, file in enumerate(service.files):
        if file.secret is not None:
            name = PurePosixPath(file.path).name
            reference = reference_of(file.secret, name)
            mounts.append({"name": f"secret-{index}", "mountPath": file.path, "subPath": name, "readOnly": True})
            item = {"key": reference.key, "path": name}
            volumes.append({"name": f"secret-{index}", "secret": {"secretName": reference.name, "items": [item]}})
