"""Engine folder: the engine's files of one stack, which are its home, file backend, project file and passphrase."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rohe_iac.deployment.ports import ProviderPlugin
from rohe_iac.foundation.folders import StackFolder, write_private

KEPT = 40
"""Number of files of each kind that `prune` keeps; a run writes four."""


@dataclass(frozen=True, slots=True)
class EngineFolder:
    """The engine's files of one stack. Only the holder of the stack's lock may write here.

    Attributes:
        folder: The stack's folder.
        project: Name of the blueprint's project.
        stack: Name of the stack.
    """

    folder: StackFolder
    project: str
    stack: str

    @property
    def home(self) -> Path:
        """Returns the folder for PULUMI_HOME."""
        return self.folder.engine / "home"

    @property
    def work(self) -> Path:
        """Returns the working directory, which keeps the stack's settings with the salt of its passphrase."""
        return self.folder.engine / "work"

    @property
    def backend(self) -> Path:
        """Returns the folder of the file backend, with states and their history."""
        return self.folder.engine / "backend"

    @property
    def passphrase(self) -> Path:
        """Returns the file with the passphrase that encrypts secrets in the state."""
        return self.folder.engine / "passphrase"

    @property
    def state(self) -> Path:
        """Returns the file of the engine's state of the stack."""
        return self.backend / ".pulumi" / "stacks" / self.project / f"{self.stack}.json"

    def known(self) -> frozenset[str]:
        """Returns the URNs of the resources in the engine's state; none where there is no state that can be read."""
        return frozenset(str(resource["urn"]) for resource in self._resources())

    def retained(self) -> frozenset[str]:
        """Returns the URNs of the resources that the engine leaves where they are when it forgets them."""
        return frozenset(str(resource["urn"]) for resource in self._resources() if resource.get("retainOnDelete"))

    def _resources(self) -> list[dict[str, Any]]:
        try:
            latest = json.loads(self.state.read_bytes())["checkpoint"]["latest"]
            return [resource for resource in latest.get("resources") or () if "urn" in resource]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def prepare(self, plugins: Sequence[ProviderPlugin]) -> None:
        """Creates folders, passphrase and project file where they are absent.

        Args:
            plugins: The plugins that the project file names.
        """
        for path in (self.folder.engine, self.home, self.work, self.backend):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.passphrase.exists():
            write_private(self.passphrase, secrets.token_urlsafe(32).encode())
        project = {
            "name": self.project,
            "runtime": "python",
            "plugins": {"providers": [{"name": plugin.name, "path": str(plugin.folder)} for plugin in plugins]},
        }
        write_private(self.work / "Pulumi.yaml", yaml.safe_dump(project, sort_keys=False).encode())

    def prune(self) -> None:
        """Removes all but the newest files of the engine's logs and history; rohe has logs and a history of its own."""
        for folder, pattern in (
            (self.home / "logs", "*.log"),
            (self.backend / ".pulumi" / "history" / self.project / self.stack, "*"),
        ):
            found = sorted(folder.glob(pattern), key=lambda path: path.name.partition("-")[2])
            for path in found[:-KEPT]:
                path.unlink(missing_ok=True)

    def environment(self) -> Mapping[str, str]:
        """Returns the variables that make the engine use these folders, ask no questions and download nothing."""
        return {
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            # Plugins on the user's PATH are none of the stack's, and a call of another user could have one started.
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS": "false",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "NO_COLOR": "1",
        }

    def clear_dead_locks(self) -> int:
        """Removes the backend's lock files and returns their number; the stack's own lock proves their owners dead."""
        found = list((self.backend / ".pulumi" / "locks").rglob("*.json"))
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def repair(self) -> tuple[str, ...]:
        """Repairs files that a killed engine left half-written in its backend, and returns their names.

        A half-written state is replaced by the previous one, or removed where there is none. Making a resource is
        idempotent, so resources that the older state lacks are found again when they are made again.
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
        """Removes the operations that a killed run left pending from the state, and returns their number.

        Making a resource is idempotent, so making it again finds out whether the operation had ended.
        """
        try:
            value: dict[str, Any] = json.loads(self.state.read_bytes())
            latest = value["checkpoint"]["latest"]
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        pending = latest.pop("pending_operations", None) or []
        if pending:
            write_private(self.state, json.dumps(value, indent=4).encode())
            # The attribute file that some backends keep beside the state has the checksum of the old content.
            with contextlib.suppress(OSError):
                self.state.with_name(f"{self.state.name}.attrs").unlink()
        return len(pending)


def _readable(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return True
