"""Where the local target keeps things inside a stack's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rohe_iac.foundation.folders import StackFolder


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one stack on this machine; `root` is the blueprint's folder, where working directories start from."""

    folder: StackFolder
    root: Path

    @property
    def run(self) -> Path:
        """The supervisor's working directory."""
        return self.folder.run

    @property
    def programs(self) -> Path:
        """One folder a supervised program."""
        return self.run / "programs"

    def program(self, name: str) -> Path:
        """The folder of one program: program.json, program.conf, run.json and files/."""
        return self.programs / name

    def log(self, name: str) -> Path:
        """The program's output; older output is in NAME.log.1 to .3."""
        return self.folder.logs / f"{name}.log"

    @property
    def broker(self) -> Path:
        """The embedded broker's settings, and one file a user."""
        return self.run / "broker"

    @property
    def broker_store(self) -> Path:
        """What the embedded broker keeps: sessions, retained and queued messages."""
        return self.folder.stores / "broker"

    def credential(self, client: str) -> Path:
        """The credential file of one client."""
        return self.folder.credentials / f"{client}.json"

    def ensure(self) -> Layout:
        """Creates the folders, for their owner only, and returns itself."""
        self.folder.ensure()
        for path in (self.run, self.programs, self.broker, self.broker / "users", self.folder.logs,
                     self.folder.credentials, self.folder.stores, self.folder.outboxes):  # fmt: skip
            path.mkdir(mode=0o700, exist_ok=True)
        return self
