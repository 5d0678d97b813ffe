"""How rendered manifests look: the files that were written, and what they name and do not contain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.manifests.prerequisites import Prerequisite
from rohe_iac.usecases.plans.render import Rendered, as_stream

HEADINGS = {
    "image": "images that a registry must have (rohe builds none)",
    "Secret": "Secrets that must exist in the namespace",
    "PersistentVolumeClaim": "PersistentVolumeClaims that must exist in the namespace",
    "DeviceClass": "DeviceClasses that the cluster must have (Kubernetes 1.34 or later)",
    "resource": "extended resources that nodes must offer",
}
"""The heading of each kind of prerequisite."""


@dataclass(frozen=True, slots=True)
class RenderedView:
    """Shows manifests, or the files that they were written to, on a screen."""

    screen: Screen

    def json(
        self, manifests: Sequence[Manifest], prerequisites: Sequence[Prerequisite], folder: str, files: Rendered | None
    ) -> None:
        """Prints one JSON object on stdout.

        Args:
            manifests: The manifests, which are printed whole where they were not written.
            prerequisites: What they name and do not contain.
            folder: The folder that they were written to.
            files: The files there; None where the manifests were not written.
        """
        whole = [
            {"name": manifest.name, "kind": manifest.kind, "address": manifest.address, "text": manifest.text}
            for manifest in manifests
        ]
        written: dict[str, Any] = {"manifests": whole} if files is None else {"folder": folder, **asdict(files)}
        self.screen.print_json({**written, "prerequisites": [asdict(item) for item in prerequisites]}, "rendered")

    def stream(self, manifests: Sequence[Manifest], prerequisites: Sequence[Prerequisite]) -> None:
        """Prints the manifests as YAML on stdout, and their prerequisites on stderr."""
        self.screen.print_document(as_stream(manifests))
        self._prerequisites(prerequisites)

    def files(self, folder: str, files: Rendered, prerequisites: Sequence[Prerequisite]) -> None:
        """Prints how many files were written on stdout, and the prerequisites of the manifests on stderr."""
        self.screen.out.print(
            f"{folder}: {len(files.written)} written, {len(files.unchanged)} unchanged, {len(files.removed)} removed",
            markup=False,
        )
        self._prerequisites(prerequisites)

    def _prerequisites(self, prerequisites: Sequence[Prerequisite]) -> None:
        err = self.screen.err
        for kind, heading in HEADINGS.items():
            named = [item for item in prerequisites if item.kind == kind]
            if named:
                err.print(f"[bold]{heading}[/bold]:")
            for item in named:
                content = f" ({item.content})" if item.content else ""
                err.print(f"  {escape(item.name + content)}, for {escape(', '.join(item.needed_by))}", soft_wrap=True)
