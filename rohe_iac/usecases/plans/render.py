"""`rohe render`: the manifests of a plan as files, for review and GitOps."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.manifests.manifest import Manifest

LISTING = ".rohe-manifests"
"""The file with the names of all that render wrote, so that render removes stale files and no foreign ones.

Its name has no suffix, because `kubectl apply -R -f DIR` reads every file that ends with .json, .yaml or .yml.
"""

FORMER_LISTING = ".rohe-manifests.json"
"""The name of that file in folders of earlier builds, which render removes."""


class UnwritableManifests(RoheError):
    """The output folder cannot be written, or holds a foreign file of a manifest's name."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Rendered:
    """The names of the files that render wrote, left unchanged and removed in the folder, each sorted."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def render_to(folder: Path, manifests: Sequence[Manifest]) -> Rendered:
    """Writes `<name>.yaml` for each manifest, and removes files of an earlier render that the manifests do not have.

    Raises:
        UnwritableManifests: a file cannot be written, or a foreign one has its name; nothing was removed then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ours = _listed(folder)
        wanted = {f"{manifest.name}.yaml": manifest.text.encode() for manifest in manifests}
        foreign = sorted(name for name in wanted.keys() - ours if (folder / name).exists())
        if foreign:
            raise UnwritableManifests(
                f"{folder / foreign[0]} is there and was not written by `rohe render`",
                hint="name an empty folder, or remove the file",
            )
        written = [name for name in sorted(wanted) if _put(folder / name, wanted[name])]
        removed = [name for name in sorted(ours - wanted.keys()) if (folder / name).exists()]
        for name in removed:
            (folder / name).unlink()
        _put(folder / LISTING, json.dumps(sorted(wanted), indent=1).encode() + b"\n")
        (folder / FORMER_LISTING).unlink(missing_ok=True)
    except OSError as error:
        raise UnwritableManifests(
            f"cannot write {error.filename or folder}: {error.strerror}", hint="name a folder you may write to"
        ).caused_by(error) from error
    return Rendered(tuple(written), tuple(sorted(wanted.keys() - set(written))), tuple(removed))


def as_stream(manifests: Sequence[Manifest]) -> str:
    """Returns all manifests as one YAML stream, in the order given."""
    return "".join(f"---\n{manifest.text}" for manifest in manifests)


def _listed(folder: Path) -> set[str]:
    """Returns the names of the files that earlier renders wrote into the folder."""
    path = next((path for path in (folder / LISTING, folder / FORMER_LISTING) if path.exists()), None)
    if path is None:
        return set()
    try:
        names = json.loads(path.read_text())
    except ValueError as error:
        raise UnwritableManifests(
            f"{path} is damaged", detail=str(error), hint="remove the folder and render again"
        ) from error
    # Only plain names count: an altered list must not lead out of the folder.
    return {name for name in names if isinstance(name, str) and name == os.path.basename(name)}


def _put(path: Path, content: bytes) -> bool:
    """Writes the file unless it has this content; returns whether it was written."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.write_bytes(content)
    return True
