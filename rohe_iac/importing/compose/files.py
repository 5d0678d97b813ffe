"""Files of a Compose service: bind mounts and configs of single files become `files`; `env_file` is read."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.naming import dns_name
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

BIND = "a bind mount is a path of one machine; a file of the repository is put before a replica by `files`"


ABSENT = "there is no such file below the blueprint's root"


FOLDER = "`files` puts single files before a replica, and this is a folder"


SECRET_FOLDER = "/run/secrets"
"""Where the files of secrets are in a container."""


def add_file(
    source: str,
    path: str,
    item: Field,
    referenced_files: ReferencedFiles,
    files: list[dict[str, Any]],
    target: str,
    reason: str = BIND,
) -> None:
    """Adds a file to `files`; a file that is not below the blueprint's root is dropped.

    Args:
        source: The path of the file on the machine, as written.
        path: The path of the file in the container.
        item: The entry of the Compose file.
        referenced_files: Access to the file.
        files: The files of the service, added to.
        target: The name of the service in the journal.
        reason: Why the file is dropped, put before "there is no such file".
    """
    below_root = referenced_files.below_root(item.place.file, source)
    if below_root is None or not path.startswith("/"):
        item.drop(FOLDER if referenced_files.is_folder(item.place.file, source) else f"{reason}: {ABSENT}")
        return
    if all(known["path"] != path for known in files):
        files.append({"path": path, "from": below_root})
    item.map_to(f"{target}.files")


def add_configs(
    field: Field, declared: Field | None, referenced_files: ReferencedFiles, files: list[dict[str, Any]], target: str
) -> None:
    """Adds the files of `configs`. declared: the `configs` of the whole Compose file."""
    configs = field.get("configs")
    for item in configs.as_list() if configs is not None else []:
        source = item.get("source") if item.is_mapping else item
        name = source.text if source is not None else ""
        config = next((part for key, part in declared.entries() if key == name), None) if declared is not None else None
        file = config.get("file") if config is not None and config.is_mapping else None
        if file is None:
            item.drop("a config is a file of the repository; this one is none that the Compose file names")
            continue
        where = item.get("target") if item.is_mapping else None
        path = where.text if where is not None and where.text else f"/{name}"
        for key, part in item.entries():
            if key in ("uid", "gid", "mode"):
                part.drop("the owner and the rights of a file are those of the repository")
        add_file(file.text, posixpath.join("/", path), item, referenced_files, files, target, "a config is a file")


def add_secrets(field: Field, declared: Field | None, files: list[dict[str, Any]], target: str) -> None:
    """Adds the files of `secrets`, each with the value of a key of a Secret, which the cluster has to have.

    Args:
        field: The service in the file.
        declared: The `secrets` of the whole Compose file.
        files: The files of the service, added to.
        target: The name of the service in the journal.
    """
    secrets = field.get("secrets")
    for item in secrets.as_list() if secrets is not None else []:
        source = item.get("source") if item.is_mapping else item
        name = source.text if source is not None else ""
        stated = next((part for key, part in declared.entries() if key == name), None) if declared is not None else None
        if stated is None or not re.fullmatch(r"[-._A-Za-z0-9]{1,253}", name) or name in (".", ".."):
            item.drop("there is no such secret at the top level of the file")
            continue
        where = item.get("target") if item.is_mapping else None
        path = posixpath.normpath(posixpath.join(SECRET_FOLDER, where.text if where is not None else name))
        outer = stated.get("name") if stated.is_mapping else None
        named = dns_name(outer.text if outer is not None else name, "secret")
        if all(known["path"] != path for known in files):
            files.append({"path": path, "secret": {"name": named, "key": name}})
        item.map_to(f"{target}.files")
        item.note(f"in a cluster only, from the key '{name}' of the Secret '{named}': make it before apply")
        stated.map_to(f"{target}.files")
        for key, part in item.entries():
            if key in ("uid", "gid", "mode"):
                part.drop("the owner and the rights of a file are those that the target gives it")
