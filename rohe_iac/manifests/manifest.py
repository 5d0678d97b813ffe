"""Manifest: one rendered document, which becomes one resource."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.foundation.canonical import sha256_hex


@dataclass(frozen=True, slots=True)
class Manifest:
    """One YAML document.

    name: unique in the stack, stable from plan to plan; file name of `render` and logical name of the resource.
    kind: of the document. address: what of the stack it is for. text: the very bytes (UTF-8) that apply uses.
    depends_on: names of manifests that must exist first.
    """

    name: str
    kind: str
    address: str
    text: str
    depends_on: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Digest of the text's bytes."""
        return sha256_hex(self.text.encode())
