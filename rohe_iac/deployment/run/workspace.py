"""Workspace: where the engine works for one stack: its home, file backend, project file and passphrase."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rohe_iac.deployment.ports import Plugin
from rohe_iac.foundation.folders import StackFolder, write_private

KEPT = 40
"""Files of each kind that `prune` leaves; a run writes four."""


@dataclass(frozen=True, slots=True)
class EngineFolder:
    """The engine's files of one stack. Only whoever holds the stack's lock may write here."""

    folder: StackFolder
    project: str
    stack: str

    @property
    def home(self) -> Path:
        """PULUMI_HOME."""
        return self.folder.engine / "home"

    @property
    def work(self) -> Path:
        """Working directory; the stack's settings, with the salt of its passphrase, stay here."""
        return self.folder.engine / "work"

    @property
    def backend(self) -> Path:
        """The file backend: states and their history."""
        return self.folder.engine / "backend"

    @property
    def passphrase(self) -> Path:
        """The file with the passphrase that secrets in the state are encrypted with."""
        return self.folder.engine / "passphrase"

    @property
    def state(self) -> Path:
        """The engine's checkpoint of the stack."""
        return self.backend / ".pulumi" / "stacks" / self.project / f"{self.stack}.json"

    def prepare(self, plugin: Plugin) -> None:
        """Makes folders, passphrase and project file; repeats are harmless."""
        for path in (self.folder.engine, self.home, self.work, self.backend):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.passphrase.exists():
            write_private(self.passphrase, secrets.token_urlsafe(32).encode())
        project = {
            "name": self.project,
            "runtime": "python",
            "plugins": {"providers": [{"name": plugin.name, "path": str(plugin.folder)}]},
        }
        write_private(self.work / "Pulumi.yaml", yaml.safe_dump(project, sort_keys=False).encode())

    def prune(self) -> None:
        """Removes all but the newest of the engine's own logs and of its history of states; rohe keeps its own."""
        for folder, pattern in (
            (self.home / "logs", "*.log"),
            (self.backend / ".pulumi" / "history" / self.project / self.stack, "*"),
        ):
            found = sorted(folder.glob(pattern), key=lambda path: path.name.partition("-")[2])
            for path in found[:-KEPT]:
                path.unlink(missing_ok=True)

    def environment(self) -> Mapping[str, str]:
        """Variables that make the engine work here, ask nobody and fetch nothing."""
        return {
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS": "false",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "NO_COLOR": "1",
        }

    def clear_dead_locks(self) -> int:
        """Removes the backend's lock files, whose owners are dead as we hold the stack's own lock; how many."""
        found = list((self.backend / ".pulumi" / "locks").rglob("*.json"))
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def mend(self) -> tuple[str, ...]:
        """Puts right what a killed engine left half-written in its backend; the names of the files it was.

        A torn state gives way to the one before it, or to none: every resource is made idempotently, so that those it
        does not know are found again when they are made again.
        """
        torn = [path for path in (self.backend / ".pulumi").rglob("*.attrs") if not _readable(path)]
        for path in torn:
            path.unlink(missing_ok=True)
        if self.state.exists() and not _readable(self.state):
            before = self.state.with_name(f"{self.state.name}.bak")
            torn.append(self.state)
            if _readable(before):
                write_private(self.state, before.read_bytes())
            else:
                self.state.unlink()
        return tuple(path.name for path in torn)

    def forget_pending(self) -> int:
        """Removes from the state what a killed run noted as under way, and the marks of half-done steps; how many.

        Every resource is made idempotently, so that whether it came to be is found out by making it again.
        """
        try:
            value: dict[str, Any] = json.loads(self.state.read_bytes())
            latest = value["checkpoint"]["latest"]
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        pending = latest.pop("pending_operations", None) or []
        if pending:
            write_private(self.state, json.dumps(value, indent=4).encode())
            # An attribute file beside it, where the backend keeps one, holds the old content's checksum.
            with contextlib.suppress(OSError):
                self.state.with_name(f"{self.state.name}.attrs").unlink()
        return len(pending)


def _readable(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return True
