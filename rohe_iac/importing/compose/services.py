"""Imports Docker Compose files: each service becomes a service of one pipeline.

Source: the Compose Specification (https://github.com/compose-spec/compose-spec).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from rohe_iac.blueprint.text.command_line import without_references
from rohe_iac.importing.compose.deploy import add_deploy
from rohe_iac.importing.compose.environment import add_environment
from rohe_iac.importing.compose.files import add_configs
from rohe_iac.importing.compose.flow import add_flow
from rohe_iac.importing.compose.health import add_healthcheck
from rohe_iac.importing.compose.merging import expand_services, read_dot_env
from rohe_iac.importing.compose.ports import add_ports
from rohe_iac.importing.compose.variables import UNFILLED, substitute
from rohe_iac.importing.compose.volumes import add_volumes
from rohe_iac.importing.foreign.architectures import ARCHITECTURES
from rohe_iac.importing.foreign.command import add_command, add_image
from rohe_iac.importing.foreign.drafts import Drafts, PipelineDraft
from rohe_iac.importing.foreign.journal import EMPTY, Field
from rohe_iac.importing.foreign.naming import SERVICE_NAME_FIELDS, give_name
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

NETWORK = "every service of a stack reaches the others by ROHE_PEERS or its service port; there are no networks to name"


ELSEWHERE = "it is in another file; run `docker compose config` first and import what it prints"


EXTENSION = "fields that begin with x- say nothing to Compose either"


RIGHTS = "rights and kernel settings of a container are the target's affair"


NAMED = "an instance is named by the plan, SERVICE-INDEX"


LABELS = "labels of containers are made by the target"


STOP = "how a replica is stopped is the target's affair"


TERMINAL = "nobody types to a replica"


LOGS = "logs are read with `rohe logs`"


SWAP = "swap is not used"


AMOUNTS = "shares and quotas weigh among neighbours; requests.cpu and limits.cpu are amounts of cores: write them there"


HOOKS = "what is run beside a replica's own command is not part of a blueprint"


SECRETS = "a secret reaches a replica as a variable, never as a file: {secret: {name: ..., key: ...}} under env"


UNKNOWN = "not a field of the Compose Specification that rohe knows"


REASONS = {
    "build": "rohe builds no images: name one that is built",
    "cpuset": "which cores a replica gets is the target's affair; requests.cores says how many it keeps busy",
    "develop": "what is watched while developing is not part of a blueprint",
    "extends": ELSEWHERE,
    "models": "a model is served by a service of its own, which has an image",
    "profiles": "which services run is said by the pipelines of a stack",
    "provider": "rohe runs images and commands; what somebody else provides is reached by its address, under env",
    "pullpolicy": "when an image is pulled is the target's affair",
    "restart": "what is placed is kept running",
    "secrets": SECRETS,
    "volumesfrom": "a volume is named by each service that has it",
    **dict.fromkeys(("containername", "hostname"), NAMED),
    **dict.fromkeys(("annotations", "labelfile", "labels"), LABELS),
    **dict.fromkeys(("attach", "logging"), LOGS),
    **dict.fromkeys(("prestop", "stopgraceperiod", "stopsignal"), STOP),
    **dict.fromkeys(("stdinopen", "tty"), TERMINAL),
    **dict.fromkeys(("memswaplimit", "memswappiness"), SWAP),
    **dict.fromkeys(("poststart", "useapisocket"), HOOKS),
}


for _names, _reason in (
    ("cpucount cpupercent cpuperiod cpuquota cpurtperiod cpurtruntime cpushares", AMOUNTS),
    ("dns dnsopt dnssearch domainname externallinks extrahosts macaddress net networkmode networks", NETWORK),
    ("blkioconfig capadd capdrop cgroup cgroupparent credentialspec devicecgrouprules devices groupadd init", RIGHTS),
    ("ipc isolation oomkilldisable oomscoreadj pid pidslimit privileged readonly securityopt storageopt", RIGHTS),
    ("sysctls ulimits user usernsmode uts", RIGHTS),
):
    REASONS |= dict.fromkeys(_names.split(), _reason)


TOP = {
    "version": "the Compose Specification takes no notice of it either",
    "networks": NETWORK,
    "volumes": "a volume is declared where a service uses it",
    "secrets": SECRETS,
    "configs": "a config is a file of the repository, put before each service that names it",
    "include": ELSEWHERE,
    "models": REASONS["models"],
}


COMPOSE_MARKS = (
    *("image", "build", "environment", "env_file", "ports", "expose", "deploy", "depends_on", "command", "entrypoint"),
    *("volumes", "healthcheck", "extends", "networks", "restart", "labels", "profiles", "container_name", "logging"),
)


ROHE_MARKS = ("port_mapping", "processor", "cores_required", "cpu_required", "service_id", *SERVICE_NAME_FIELDS)


def is_compose(root: Field) -> bool:
    """Checks whether a document is a Compose file: services by name, with fields of Compose and none of ROHE's own."""
    services = root.get("services")
    if services is None or not services.entries():
        return False
    parts = [part for _, part in services.entries()]
    if any(part.get(*ROHE_MARKS) is not None for part in parts):
        return False
    known = [part.get(*COMPOSE_MARKS) is not None for part in parts]
    return any(known) and all(part.is_mapping or not part.is_list for part in parts)


def import_compose(root: Field, drafts: Drafts) -> None:
    """Adds the services as one pipeline, named by the file's `name`, else by the user, the file or its folder."""
    name = root.get("name")
    path = PurePath(root.place.file)
    stem = re.sub(r"^(docker-)?compose[-._]?|[-._](docker-)?compose$", "", path.stem)
    known = read_dot_env(root, drafts.referenced_files)
    own_name, is_known = substitute(name.text, known) if name is not None else ("", True)
    original = (own_name if is_known else "") or drafts.name or stem or path.parent.name or "compose"
    draft = drafts.pipeline(original, root.place.file)
    if name is not None and is_known:
        name.map_to(f"Pipeline/{draft.name}: metadata.name")
    elif name is not None:
        name.drop(UNFILLED)
    services, names = root.get("services"), dict[str, str]()
    if services is not None:
        expand_services(services, known, drafts.referenced_files)
    entries = services.entries() if services is not None else []
    for key, field in entries:
        if field.is_mapping:
            drafts.pipeline(original, field.place.file)
            draft.services.append(_service(key, field, draft, root.get("configs"), drafts.referenced_files, known))
            names[key] = draft.services[-1]["name"]
    for key, field in entries:
        if field.is_mapping:
            add_flow(key, field, names, draft)
            field.drop_rest(REASONS, UNKNOWN)
        else:
            field.drop(EMPTY if field.is_empty else "not a service, which is a mapping")
    for field in (root, *(part for _, part in entries)):
        for key, part in field.entries():
            if key.startswith("x-"):
                part.drop(EXTENSION)
    root.drop_rest(TOP, UNKNOWN)


def _service(
    key: str,
    field: Field,
    draft: PipelineDraft,
    configs: Field | None,
    referenced_files: ReferencedFiles,
    known: Mapping[str, str],
) -> dict[str, Any]:
    name = give_name(field, key, "service", draft.names, draft.annotations)
    target = f"Pipeline/{draft.name}: services.{name}"
    service: dict[str, Any] = {"name": name}
    add_image(field, service, target, "image")
    # As with containers: the entry point is what runs, the command its arguments.
    add_command(field, service, target, {"entrypoint": "command", "command": "args"}, without_references)
    add_ports(field, service, target)
    add_environment(field, service, target, referenced_files, known)
    files: list[dict[str, str]] = []
    add_volumes(field, service, target, referenced_files, files)
    add_configs(field, configs, referenced_files, files, target)
    if files:
        service["files"] = files
    add_healthcheck(key, field, service, target)
    add_deploy(field, service, target)
    _platform(field, service, target)
    return service


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
        platform.map_to(f"{target}.arch")
