"""Permit: the manifests that the provider may make now, written by rohe and checked by the provider.

The engine passes on what reaches its own ports, and those take calls of any local user. What the engine asks for is
therefore made only where rohe itself has written it down, in a folder that no other user can write.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder, write_private


class NotPermitted(RoheError):
    """The engine asks for something that rohe did not plan."""

    exit_code = ExitCode.PARTIAL


class Permit:
    """The permit of one stack, a file in the stack's folder."""

    def __init__(self, folder: StackFolder, root: Path) -> None:
        """Opens the permit in the stack's `folder` for the blueprint in the folder `root`."""
        self._folder = folder
        self._root = root
        self._path = folder.path / "permit.json"

    def write(self, texts: Iterable[str]) -> None:
        """Permits the manifests with these texts, and no others, until the next call."""
        self._folder.ensure()
        digests = sorted(sha256_hex(text.encode()) for text in texts)
        write_private(self._path, canonical_json({"root": str(self._root), "manifests": digests}))

    def remove(self) -> None:
        """Removes the permit; none is no error."""
        self._path.unlink(missing_ok=True)

    def check_folder(self) -> None:
        """Checks that the stack's folder and the blueprint's are those that rohe named.

        Raises:
            NotPermitted: The folder is not this user's alone, or the permit names another blueprint's folder.
        """
        path = self._folder.path
        try:
            found = path.lstat()
        except OSError as error:
            raise NotPermitted(f"{path} is no folder of a stack", detail=str(error)) from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise NotPermitted(f"{path} is no folder that only this user can write")
        if self._read()[0] != self._root:
            raise NotPermitted(f"the permit of {path} is not for the blueprint in {self._root}")

    def check(self, text: str) -> None:
        """Checks that a manifest may be made.

        Raises:
            NotPermitted: rohe did not ask for a manifest with this text.
        """
        if sha256_hex(text.encode()) not in self._read()[1]:
            raise NotPermitted(
                "a manifest that is not of the plan was refused",
                detail="the engine was asked for it by somebody else, or the permit of the stack is of another run",
            )

    def _read(self) -> tuple[Path, frozenset[str]]:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as stream:
                found = os.fstat(stream.fileno())
                if found.st_uid != os.geteuid() or found.st_mode & 0o077:
                    raise NotPermitted(f"{self._path} is no file of this user alone")
                value = json.loads(stream.read())
            return Path(value["root"]), frozenset(value["manifests"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotPermitted("rohe has not permitted anything for this stack", detail=str(error)) from error
