"""Images that a document's pods run, read back from its text: a template of the user may name others than the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from rohe_iac.manifests.kubernetes.labels import NODE

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class PlannedPod:
    """The pod that a document makes, and where.

    Attributes:
        node: The planned node, "" where the document leaves that to the cluster.
        spec: The pod's spec.
    """

    node: str
    spec: Mapping[str, Any]

    def images(self) -> tuple[str, ...]:
        """Returns the images of containers, init containers and image volumes (KEP-4639), sorted, each once."""
        return tuple(self.policies())

    def policies(self) -> dict[str, str]:
        """Returns these images, each with its pull policy, "" for the cluster's default; Always wins."""
        found: dict[str, str] = {}
        for image, policy in sorted(self._images()):
            found[image] = policy if policy == "Always" else found.get(image) or policy
        return found

    def _images(self) -> Iterator[tuple[str, str]]:
        for name in ("initContainers", "containers"):
            for container in self.spec.get(name) or ():
                if container.get("image"):
                    yield str(container["image"]), str(container.get("imagePullPolicy") or "")
        for volume in self.spec.get("volumes") or ():
            image = volume.get("image") or {}
            if image.get("reference"):
                yield str(image["reference"]), str(image.get("pullPolicy") or "")


def planned_pod(text: str) -> PlannedPod | None:
    """Returns the pod of a document, None where it makes none.

    Args:
        text: A manifest's text, which is one object: a Pod, or a workload that has a template of one.
    """
    if "image:" not in text and '"image"' not in text:
        return None
    document = yaml.load(text, _LOADER)
    spec = document.get("spec") if isinstance(document, dict) else None
    if not isinstance(spec, dict):
        return None
    if document.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    pod = spec if document.get("kind") == "Pod" else (spec.get("template") or {}).get("spec")
    if not isinstance(pod, dict) or "containers" not in pod:
        return None
    notes = (document.get("metadata") or {}).get("annotations") or {}
    return PlannedPod(str(notes.get(NODE, "")), pod)


def full_image_name(image: str) -> str:
    """Returns the name under which container runtimes list an image: with registry, and with either tag or digest.

    This is the normal form of the distribution project's `reference` package: `nginx` is
    `docker.io/library/nginx:latest`. Of a tag and a digest the digest counts.
    """
    name, _, digest = image.partition("@")
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{name}" if slash else f"docker.io/library/{name}"
    elif first == "index.docker.io":
        name = f"docker.io/{rest}"
    folder, _, last = name.rpartition("/")
    bare, _, tag = last.partition(":")
    return f"{folder}/{bare}@{digest}" if digest else f"{folder}/{bare}:{tag or 'latest'}"
