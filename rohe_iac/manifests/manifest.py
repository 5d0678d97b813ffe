"""Manifest: one rendered document, which becomes one resource."""

from __future__ import annotations

from dataclasses import dataclass, field

from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.pod_template import pod_template
from rohe_iac.planning.model.saved_fields import UNSAVED

DIGEST_LENGTH = 16
"""Hexadecimal digits of the digest that what runs is told, which is in each of its reports."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One YAML document and what rohe has to know of it without reading it.

    Attributes:
        name: Unique in the stack and stable from plan to plan; the file name of `render` and the engine's logical name.
        kind: The document's kind, such as Process or Deployment.
        address: The address of the stack's part that the document is for.
        text: The document, the very bytes (UTF-8) that apply uses.
        depends_on: Names of the manifests that must exist first.
        rendered: Whether `rohe render` writes the document. It does not where the document is for rohe alone, which
            makes a Secret of it: no file may hold the values.
        retained: Whether the resource stays, until the stack is destroyed, when a plan does not have it any more.
        stand_in: Whether the document runs a stand-in in place of the service's own program. Two manifests of the same
            text make the same resource, so this field is left out of comparisons.
        workload: Address of the workload that is ready once the document's pods are, "" for a document without pods.
        needs: Addresses of the workloads that must be ready first; never in a circle.
        serial: Serial of the record in which the digest changed last; 0 where nothing was applied yet. What runs is
            told of both: with those of the whole plan, each plan would restart all.
    """

    name: str
    kind: str
    address: str
    text: str
    depends_on: tuple[str, ...] = ()
    rendered: bool = True
    retained: bool = False
    stand_in: bool = field(default=False, compare=False)
    workload: str = ""
    needs: tuple[str, ...] = ()
    serial: int = field(default=0, compare=False, metadata={UNSAVED: True})

    @property
    def digest(self) -> str:
        """Returns the start of the SHA-256 digest of what runs: the text, or the pod template of a Deployment or Job.

        What runs is told of it, and so is restarted when it changes; their other fields restart no pod.
        """
        running = pod_template(self.text) if self.kind in ("Deployment", "Job") else self.text
        return sha256_hex(running.encode())[:DIGEST_LENGTH]

    def runs_as(self, before: Manifest) -> bool:
        """Checks whether what runs of a former text goes on unchanged with this one."""
        return self.text == before.text or self.digest == before.digest

    @property
    def sha256(self) -> str:
        """Returns the SHA-256 digest of the text's bytes, in hexadecimal."""
        return sha256_hex(self.text.encode())
