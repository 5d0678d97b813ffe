"""Docker Compose files: each service becomes a service of one pipeline.

Source: the Compose Specification (https://github.com/compose-spec/compose-spec).
"""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath
from typing import Any

from rohe_iac.blueprint.importing.compose_deploy import take_deploy
from rohe_iac.blueprint.importing.compose_environment import take_environment
from rohe_iac.blueprint.importing.compose_health import take_healthcheck
from rohe_iac.blueprint.importing.compose_ports import take_ports
from rohe_iac.blueprint.importing.compose_volumes import take_volumes
from rohe_iac.blueprint.importing.gathering import Gathering, PipelineDraft
from rohe_iac.blueprint.importing.journal import Field
from rohe_iac.blueprint.importing.naming import ORIGINAL_NAME, dns_name
from rohe_iac.blueprint.importing.services import NAMES

NETWORK = "every service of a stack reaches the others by ROHE_PEERS or its service port; there are no networks to name"
RIGHTS = "rights and kernel settings of a container are the target's affair"
REASONS = {
    "build": "rohe builds no images: name one that is built",
    "dependson": "an order of start is not kept; draw data flows under `flow`, and let a service wait for its peers",
    "links": "an order of start is not kept; draw data flows under `flow`",
    "networks": NETWORK,
    "networkmode": NETWORK,
    "extrahosts": NETWORK,
    "dns": NETWORK,
    "restart": "what is placed is kept running",
    "containername": "an instance is named by the plan, SERVICE-INDEX",
    "hostname": "an instance is named by the plan, SERVICE-INDEX",
    "labels": "labels of containers are made by the target",
    "logging": "logs are read with `rohe logs`",
    "envfile": "variables stand under env; a secret is {secret: env:NAME}",
    "secrets": "a secret is an env of the form {secret: {name: ..., key: ...}}",
    "configs": "a file of the repository is put before a replica by `files`",
    "privileged": RIGHTS,
    "capadd": RIGHTS,
    "capdrop": RIGHTS,
    "securityopt": RIGHTS,
    "ulimits": RIGHTS,
    "sysctls": RIGHTS,
    "devices": RIGHTS,
    "user": RIGHTS,
    "ipc": RIGHTS,
    "pid": RIGHTS,
    "shmsize": "shared memory is a volume: {path: /dev/shm, emptyDir: 64Mi}",
    "profiles": "which services run is said by the pipelines of a stack",
    "extends": "a service is written whole; run `docker compose config` first and import what it prints",
    "stopgraceperiod": "how a replica is stopped is the target's affair",
    "stopsignal": "how a replica is stopped is the target's affair",
    "volumesfrom": "a volume is named by each service that has it",
}
TOP = {
    "version": "the Compose Specification takes no notice of it either",
    "networks": NETWORK,
    "volumes": "a volume is declared where a service uses it",
    "secrets": REASONS["secrets"],
    "configs": REASONS["configs"],
    "include": REASONS["extends"],
}
ARCHITECTURES = {"amd64": "amd64", "x8664": "amd64", "arm64": "arm64", "aarch64": "arm64", "arm": "arm", "armv7": "arm"}
COMPOSE_MARKS = ("image", "build", "environment", "ports", "deploy", "depends_on", "command", "volumes", "healthcheck")
ROHE_MARKS = ("port_mapping", "processor", "cores_required", "cpu_required", "service_id", *NAMES)


def is_compose(root: Field) -> bool:
    """Whether a document is a Compose file: services by name, each a mapping with what Compose knows."""
    services = root.get("services")
    if services is None or not services.entries():
        return False
    parts = [part for _, part in services.entries()]
    if any(part.get(*ROHE_MARKS) is not None for part in parts):
        return False
    return all(part.is_mapping for part in parts) and any(part.get(*COMPOSE_MARKS) is not None for part in parts)


def take_compose(root: Field, into: Gathering) -> None:
    """Adds the services as one pipeline, named by the file's `name`, else after the user, the file or its folder."""
    name = root.get("name")
    path = PurePath(root.place.file)
    stem = re.sub(r"^(docker-)?compose[-._]?|[-._](docker-)?compose$", "", path.stem)
    original = (name.text if name is not None else "") or into.name or stem or path.parent.name or "compose"
    draft = into.pipeline(original, root.place.file)
    if name is not None:
        name.to(f"Pipeline/{draft.name}: metadata.name")
    services = root.get("services")
    for key, field in services.entries() if services is not None else []:
        if field.is_mapping:
            draft.services.append(_service(key, field, draft))
    root.rest(TOP, "not a field of the Compose Specification that rohe knows")


def _service(key: str, field: Field, draft: PipelineDraft) -> dict[str, Any]:
    name = draft.names.give(key, "service")
    target = f"Pipeline/{draft.name}: services.{name}"
    if name != key:
        draft.annotations[f"{ORIGINAL_NAME}.service.{name}"] = key
        if dns_name(key, "service") != name:
            field.note(f"there is a service of that name already, so '{key[:60]}' becomes '{name}'")
    service: dict[str, Any] = {"name": name}
    image = field.get("image")
    if image is not None and image.text:
        if "${" in image.text:
            image.note("a variable in an image's name is not filled in")
        service["image"] = image.text
        image.to(f"{target}.image")
    # As with containers: the entry point is what runs, the command its arguments.
    for source, word in (("entrypoint", "command"), ("command", "args")):
        words = _words(field.get(source))
        if words:
            service[word] = words
            found = field.get(source)
            assert found is not None
            found.to(f"{target}.{word}")
    folder = field.get("working_dir")
    if folder is not None and folder.text:
        service["workingDir"] = folder.text
        folder.to(f"{target}.workingDir")
    take_ports(field, service, target)
    take_environment(field, service, target)
    take_volumes(field, service, target)
    take_healthcheck(field, service, target)
    take_deploy(field, service, target)
    _platform(field, service, target)
    field.rest(REASONS, "rohe has no such field")
    return service


def _words(field: Field | None) -> list[str]:
    if field is None:
        return []
    if field.is_list:
        return [item.text for item in field.items()]
    try:
        return shlex.split(field.text)
    except ValueError as error:
        field.fault(f"not a command line: {error}")
        return []


def _platform(field: Field, service: dict[str, Any], target: str) -> None:
    platform = field.get("platform")
    if platform is None:
        return
    architecture = ARCHITECTURES.get(
        re.sub(r"[^a-z0-9]", "", platform.text.lower().partition("/")[2].partition("/")[0])
    )
    if architecture is None:
        platform.drop("not a platform of the form linux/arm64")
    else:
        service["arch"] = [architecture]
        platform.to(f"{target}.arch")
