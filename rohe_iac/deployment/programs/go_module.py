"""Go modules: pinned sources of programs that are built here, the version of each and its folder of the cache."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.deployment.programs.cache import InstallFailed, build_home
from rohe_iac.foundation.canonical import sha256_hex

MODULES = Path(__file__).parent / "modules"
"""The folder with a link to each Go module: tools/NAME of a checkout."""

GO_PIN = Path(__file__).parent / "go.txt"
"""The pinned wheel of a Go toolchain, for machines without Go."""


@dataclass(frozen=True, slots=True)
class GoModule:
    """One Go module and the executables that are built from it.

    Attributes:
        name: Name of its folder in tools/ and in the cache.
        title: Its name for people.
        requirement: The Go module whose required version is the version of the executables.
        packages: The Go package of each executable, by the executable's name; "." is the module's own.
        version_variables: Go variables that the linker sets to the version, by the text to set; {version}, {major} and
            {minor} in it are replaced.
        minutes: About how long the first build takes on two cores.
        sources: The folder of the module, below MODULES where it is None.
    """

    name: str
    title: str
    requirement: str
    packages: dict[str, str]
    version_variables: dict[str, str]
    minutes: float
    sources: Path | None = None

    @property
    def path(self) -> Path:
        """Returns the folder of the module's sources."""
        return self.sources or MODULES / self.name

    @property
    def files(self) -> tuple[Path, ...]:
        """Returns the module's files: go.mod, go.sum and its Go sources by name."""
        return (self.path / "go.mod", self.path / "go.sum", *sorted(self.path.glob("*.go")))

    @property
    def version(self) -> str:
        """Returns the version that go.mod requires, such as 3.260.0.

        Raises:
            InstallFailed: go.mod does not require it.
        """
        required = rf"^\s*(?:require )?{re.escape(self.requirement)} v(\S+)"
        found = re.search(required, (self.path / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
        if found is None:
            raise InstallFailed(
                f"{self.path / 'go.mod'} does not require {self.requirement}", hint="install rohe again"
            )
        return found[1]

    @property
    def folder(self) -> Path:
        """Returns the folder for what is built from the present sources; its name has a digest of them."""
        parts = [sha256_hex(path.read_bytes()) for path in self.files]
        digest = sha256_hex("\n".join((*parts, self.version)).encode())
        return build_home() / f"{self.name}-{digest[:16]}"

    @property
    def linker_flags(self) -> str:
        """Returns the flags for the linker: no symbol table, and the version."""
        major, minor, *_ = self.version.split(".")
        texts = {
            name: text.format(version=self.version, major=major, minor=minor)
            for name, text in self.version_variables.items()
        }
        return " ".join(("-s -w", *(f"-X {name}={text}" for name, text in texts.items())))

    def executable(self, name: str) -> Path:
        """Returns the path of an executable in the folder, whether that file exists or not."""
        return self.folder / "bin" / name

    @property
    def built(self) -> bool:
        """Returns whether all executables are there."""
        return all(self.executable(name).is_file() for name in self.packages)


PULUMI = GoModule(
    "pulumi",
    "Pulumi",
    "github.com/pulumi/pulumi/pkg/v3",
    {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
    {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "{version}"},
    5,
)
"""The Pulumi engine."""
