"""Layout: the paths that the target `local` uses inside a stack's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rohe_iac.foundation.folders import StackFolder

BROKER = "broker"
"""Name of the embedded broker's program."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one stack on this machine.

    Attributes:
        folder: The stack's folder.
        root: The blueprint's folder, which working directories are relative to.
    """

    folder: StackFolder
    root: Path

    @property
    def run(self) -> Path:
        """Returns the supervisor's working directory."""
        return self.folder.run

    @property
    def programs(self) -> Path:
        """Returns the folder with one folder a supervised program."""
        return self.run / "programs"

    def program(self, name: str) -> Path:
        """Returns the folder of one program, with program.json, program.conf, run.json and files/."""
        return self.programs / name

    def program_folders(self) -> list[Path]:
        """Returns the folder of every program, sorted by name."""
        try:
            return sorted(path for path in self.programs.iterdir() if path.is_dir())
        except FileNotFoundError:
            return []

    @property
    def supervisor_settings(self) -> Path:
        """Returns the supervisor's settings file; the supervisor is kept up as long as this file exists."""
        return self.run / "supervisord.conf"

    @property
    def is_kept_up(self) -> bool:
        """Whether the stack's supervisor has to run."""
        return self.supervisor_settings.exists()

    def log(self, name: str) -> Path:
        """Returns the file with the program's output; older output is in NAME.log.1 to .3."""
        return self.folder.logs / f"{name}.log"

    @property
    def broker(self) -> Path:
        """Returns the folder with the embedded broker's settings and one file a client."""
        return self.run / "broker"

    @property
    def broker_store(self) -> Path:
        """Returns the folder where the embedded broker keeps sessions and retained and queued messages."""
        return self.folder.stores / "broker"

    def credential(self, client: str) -> Path:
        """Returns the credential file of one client."""
        return self.folder.credentials / f"{client}.json"

    def ensure(self) -> Layout:
        """Creates the folders, readable by their owner only, and returns this layout."""
        self.folder.ensure()
        for path in (self.run, self.programs, self.broker, self.broker / "users", self.folder.logs,
                     self.folder.credentials, self.folder.stores, self.folder.outboxes):  # fmt: skip
            path.mkdir(mode=0o700, exist_ok=True)
        return self
