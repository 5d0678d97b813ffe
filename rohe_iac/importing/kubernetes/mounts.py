"""Volumes of a pod and their mounts: claims, emptyDirs, devices of the node, and files of ConfigMaps and Secrets.

Source: https://kubernetes.io/docs/concepts/storage/volumes/
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rohe_iac.importing.foreign.drafts import Drafts, PipelineDraft
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.units import memory_quantity
from rohe_iac.importing.kubernetes.amounts import bytes_at
from rohe_iac.importing.kubernetes.objects import KubernetesObject, at, items_at, map_parts, text_at
from rohe_iac.importing.kubernetes.settings import ConfigEntry, NamespaceSettings, chosen_items

SIZE = "1Gi"
"""The size of volumes without one."""

FOREIGN = "a volume of this type is the cluster's affair; claim one by its size"

HOST_PATH = "a path of one machine; a device below /dev is kept, a file of the repository is put before it by `files`"


@dataclass
class ClaimUse:
    """A mount of a claim by a service: the service, the volume in it, and the number of its replicas."""

    service: dict[str, Any]
    volume: dict[str, Any]
    mount: Field


@dataclass
class MountReader:
    """Reads the volumes of pods.

    Attributes:
        settings: The ConfigMaps and Secrets of the namespace.
        claims: The PersistentVolumeClaims of the namespace, by name.
        draft: The pipeline.
        drafts: All drafts, which files of ConfigMaps are added to.
        uses: The mounts of claims so far, by claim.
        texts: The texts of files with their services and fields, in which addresses of others are looked for.
    """

    settings: NamespaceSettings
    claims: Mapping[str, KubernetesObject]
    draft: PipelineDraft
    drafts: Drafts
    uses: dict[str, list[ClaimUse]] = field(default_factory=dict)
    texts: list[tuple[str, str, Field]] = field(default_factory=list)

    def add(
        self, container: Field, pod: Field, templates: Mapping[str, Field], service: dict[str, Any], target: str
    ) -> None:
        """Adds the mounts of a container to a service.

        Args:
            container: The container in the file.
            pod: The spec of its pod.
            templates: The volumeClaimTemplates of a StatefulSet, by name.
            service: The service, added to.
            target: Its name in the journal.
        """
        volumes = {text_at(part, "name"): part for part in items_at(pod, "volumes")}
        for mount in items_at(container, "volumeMounts"):
            name, path = text_at(mount, "name"), text_at(mount, "mountPath")
            path = path.rstrip("/") or "/"
            below = text_at(mount, "subPath")
            if not path.startswith("/"):
                mount.drop("a volume needs an absolute path in the container")
            elif below.startswith("/") or ".." in below.split("/"):
                mount.drop("subPath is a relative path in the volume, without '..'")
            elif name in templates:
                self._add_template(templates[name], mount, path, service, target)
            elif name not in volumes:
                mount.drop(f"the pod has no volume '{name[:60]}'")
            else:
                self._add(volumes[name], mount, path, service, target)

    def _add(self, volume: Field, mount: Field, path: str, service: dict[str, Any], target: str) -> None:
        claim, empty, config, secret = (
            volume.get(word) for word in ("persistentVolumeClaim", "emptyDir", "configMap", "secret")
        )
        projected, host = volume.get("projected"), volume.get("hostPath")
        if claim is not None:
            self._add_claim(volume, claim, mount, path, service, target)
        elif "emptyDir" in (volume.node.entries or {}) and (empty is None or empty.is_mapping):
            self._add_empty(volume, mount, path, service, target)
        elif config is not None or secret is not None:
            self._add_files(config or secret or volume, mount, path, service, target, is_secret=secret is not None)
            volume.map_to(f"{target}.files")
        elif projected is not None:
            for source in items_at(projected, "sources"):
                part, part_secret = source.get("configMap"), source.get("secret")
                if part is not None or part_secret is not None:
                    is_secret = part_secret is not None
                    self._add_files(part or part_secret or source, mount, path, service, target, is_secret=is_secret)
                    source.map_to(f"{target}.files")
                else:
                    source.drop("replicas get no files with fields of their pod or tokens of their account")
            if mount.path not in mount.journal.recorded:
                mount.drop("it mounts nothing that a replica has here")
        elif host is not None and text_at(host, "path").startswith("/dev/"):
            source_path = text_at(host, "path")
            device = {"path": path} if path == source_path else {"path": path, "from": source_path}
            service.setdefault("devices", []).append(device)
            volume.map_to(f"{target}.devices")
            mount.map_to(f"{target}.devices")
        else:
            reason = HOST_PATH if host is not None else FOREIGN
            volume.drop(reason)
            mount.drop(reason)

    def _add_claim(
        self, volume: Field, claim: Field, mount: Field, path: str, service: dict[str, Any], target: str
    ) -> None:
        name = text_at(claim, "claimName")
        written = self._mounted(mount, {"path": path, "name": ""}, target)
        if text_at(claim, "readOnly").lower() == "true":
            written["readOnly"] = True
        if not _has_room(service, written, mount):
            return
        service.setdefault("volumes", []).append(written)
        self.uses.setdefault(name, []).append(ClaimUse(service, written, mount))
        for part in (claim, volume.get("name")):
            if part is not None:
                part.map_to(f"{target}.volumes")

    def _add_empty(self, volume: Field, mount: Field, path: str, service: dict[str, Any], target: str) -> None:
        empty = volume.get("emptyDir")
        limit = bytes_at(at(empty, "sizeLimit"))
        if not limit:
            volume.note(f"its emptyDir has no size, and a blueprint gives it one: taken as {SIZE}")
        if text_at(empty, "medium"):
            volume.note("its emptyDir is kept in memory by Kubernetes, and on disk here")
        written = self._mounted(mount, {"path": path, "emptyDir": memory_quantity(limit) if limit else SIZE}, target)
        if _has_room(service, written, mount):
            service.setdefault("volumes", []).append(written)
            volume.map_to(f"{target}.volumes")

    def _add_template(self, template: Field, mount: Field, path: str, service: dict[str, Any], target: str) -> None:
        size = bytes_at(at(template, "spec", "resources", "requests", "storage"))
        name = self.draft.volume_names.give(text_at(template, "metadata", "name"), "volume")
        amount = memory_quantity(size) if size else SIZE
        written = self._mounted(mount, {"path": path, "name": name, "size": amount}, target)
        if not _has_room(service, written, mount):
            return
        service.setdefault("volumes", []).append(written)
        for part in (at(template, "metadata", "name"), at(template, "spec", "resources", "requests", "storage")):
            if part is not None:
                part.map_to(f"{target}.volumes")
        storage, modes = at(template, "spec", "storageClassName"), at(template, "spec", "accessModes")
        if storage is not None:
            storage.drop("a volume of each replica has the storage class that the cluster takes by default")
        if modes is not None:
            modes.drop("a volume of each replica is mounted by that replica alone: accessMode is not kept")

    def _mounted(self, mount: Field, volume: dict[str, Any], target: str) -> dict[str, Any]:
        """Returns a volume with what its mount says of it."""
        sub_path = text_at(mount, "subPath")
        if sub_path:
            volume["subPath"] = sub_path
        if text_at(mount, "readOnly").lower() == "true":
            volume["readOnly"] = True
        _map_mount(mount, f"{target}.volumes")
        return volume

    def _add_files(
        self, source: Field, mount: Field, path: str, service: dict[str, Any], target: str, *, is_secret: bool
    ) -> None:
        name = text_at(
            source,
            "secretName",
        ) or text_at(source, "name")
        single = text_at(mount, "subPath")
        if is_secret:
            found = self._secret_files(source, name, single)
        else:
            found = self._config_files(source, name, service["name"], target, single)
        if found is None:
            kind = "Secret" if is_secret else "ConfigMap"
            mount.drop(
                f"the {kind} '{name[:60]}' is not in these files, so its keys are not known: name them under files"
            )
            return
        files: list[dict[str, Any]] = service.setdefault("files", [])
        for below, origin in found:
            if not _is_shown(below, single):
                continue
            inner = posixpath.relpath(below, single) if single and below != single else "" if single else below
            whole = posixpath.join(path, inner) if inner else path
            if all(known["path"] != whole for known in files):
                files.append({"path": whole, **origin})
        if not files:
            del service["files"]
        for part in (source.get("secretName", "name"), *items_at(source, "items")):
            if part is not None and part.path not in part.journal.recorded:
                part.map_to(f"{target}.files")
        _map_mount(mount, f"{target}.files")

    def _secret_files(self, source: Field, name: str, single: str) -> list[tuple[str, dict[str, Any]]] | None:
        if _has_items(source):
            chosen = chosen_items(source)
        elif name in self.settings.secrets:
            chosen = [(key, key) for key in self.settings.secrets[name]]
        elif single and "/" not in single:
            chosen = [(single, single)]
        else:
            return None
        return [(path, {"secret": {"name": name, "key": key}}) for path, key in chosen]

    def _config_files(
        self, source: Field, name: str, owner: str, target: str, single: str
    ) -> list[tuple[str, dict[str, Any]]] | None:
        if name not in self.settings.configs:
            return None
        found = []
        for below, key, entry in _named_entries(self.settings.configs[name], source):
            if not _is_shown(below, single):
                continue
            file = self.drafts.add_file(posixpath.join(self.draft.name, name, key), entry.content)
            entry.field.map_to(f"{target}.files, in {file}")
            if entry.text is not None:
                self.texts.append((owner, entry.text, entry.field))
            found.append((below, {"from": file}))
        return found

    def share_claims(self) -> None:
        """Names the volumes of claims: one of the pipeline where several use it, else one of the service."""
        for name, uses in self.uses.items():
            claim = self.claims.get(name)
            spec = claim.field.get("spec") if claim is not None else None
            size = bytes_at(at(spec, "resources", "requests", "storage"))
            if not size:
                uses[0].mount.note(f"the size of the claim '{name[:60]}' is not in these files: taken as {SIZE}")
            amount = memory_quantity(size) if size else SIZE
            volume = self.draft.volume_names.give(name, "volume")
            modes = [item.text for item in items_at(spec, "accessModes")]
            mode = next((word for word in ("ReadWriteMany", "ReadOnlyMany") if word in modes), "")
            storage = text_at(spec, "storageClassName")
            services = {use.service["name"]: use.service for use in uses}
            alone = len(services) == 1 and all(service.get("replicas", 1) == 1 for service in services.values())
            for use in uses:
                use.volume["name"] = volume
            if alone and len(uses) == 1 and not mode and not storage:
                uses[0].volume["size"] = amount
                place = f"Pipeline/{self.draft.name}: services.{uses[0].service['name']}.volumes"
            else:
                shared = {"name": volume, "size": amount}
                shared |= {"accessMode": mode} if mode else {}
                shared |= {"class": storage} if storage else {}
                self.draft.volumes.append(shared)
                place = f"Pipeline/{self.draft.name}: volumes.{volume}"
            if spec is not None:
                spec.map_to(place)
                for word in ("volumeName", "volumeMode", "selector", "dataSource", "dataSourceRef"):
                    if (part := spec.get(word)) is not None:
                        part.drop("which disk is behind a claim is the cluster's affair")


def note_shared_folders(pod: Field, containers: list[Field]) -> None:
    """Notes each emptyDir that several containers of a pod share, since each gets one of its own."""
    for volume in items_at(pod, "volumes"):
        if "emptyDir" not in (volume.node.entries or {}):
            continue
        name = text_at(volume, "name")
        users = [
            text_at(container, "name")
            for container in containers
            if any(text_at(mount, "name") == name for mount in items_at(container, "volumeMounts"))
        ]
        if len(users) > 1:
            volume.note(
                f"the containers {', '.join(users)} share it, and each gets an emptyDir of its own, without the files "
                "of the others: for files in common, name a volume under the pipeline's volumes"
            )


def _has_room(service: dict[str, Any], volume: dict[str, Any], mount: Field) -> bool:
    """Checks whether nothing is at the path of a volume yet; else the mount is listed."""
    if any(known["path"] == volume["path"] for known in service.get("volumes", [])):
        mount.drop("there is a volume at that path already")
        return False
    return True


def _map_mount(mount: Field, target: str) -> None:
    known = ("name", "mountPath", "subPath", "readOnly")
    map_parts(
        mount, target, known, "how a mount is passed on, and paths made of variables, are not part of a blueprint"
    )


def _is_shown(below: str, single: str) -> bool:
    """Checks whether a mount shows a file of its volume. single: the part of the volume that it shows; "" for all."""
    return not single or below == single or below.startswith(f"{single}/")


def _named_entries(entries: Mapping[str, ConfigEntry], source: Field) -> list[tuple[str, str, ConfigEntry]]:
    """Returns the entries that a volume shows: the path below its mount, the key and the entry."""
    if not _has_items(source):
        return [(key, key, entry) for key, entry in entries.items()]
    return [(path, key, entries[key]) for path, key in chosen_items(source) if key in entries]


def _has_items(source: Field) -> bool:
    """Checks whether a volume names the keys that it shows."""
    return at(source, "items") is not None
