"""Imports Docker Compose files: each service becomes a service of one pipeline.

Source: the Compose Specification (https://github.com/compose-spec/compose-spec).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from rohe_iac.blueprint.text.command_line import without_references
from rohe_iac.importing.compose.completion import mark_completed
from rohe_iac.importing.compose.containers import add_devices, add_grace_period, add_labels, add_rights, add_user
from rohe_iac.importing.compose.deploy import add_deploy
from rohe_iac.importing.compose.files import add_configs, add_secrets
from rohe_iac.importing.compose.flow import add_addressed, add_dependencies, add_shared, names_of_services
from rohe_iac.importing.compose.health import add_healthcheck
from rohe_iac.importing.compose.hosts import add_named_hosts
from rohe_iac.importing.compose.ports import add_ports
from rohe_iac.importing.compose.project.extending import is_first_version
from rohe_iac.importing.compose.project.profiles import active_profiles, drop_inactive, has_profile
from rohe_iac.importing.compose.project.project_name import NAME, project_name
from rohe_iac.importing.compose.secrets_of_commands import add_secrets_of_commands
from rohe_iac.importing.compose.sharing import share_devices, share_volumes
from rohe_iac.importing.compose.volumes import add_volumes
from rohe_iac.importing.compose.volumes_from import expand_volumes_from
from rohe_iac.importing.foreign.architectures import ARCHITECTURES
from rohe_iac.importing.foreign.command import add_command, add_image
from rohe_iac.importing.foreign.drafts import Drafts, PipelineDraft
from rohe_iac.importing.foreign.journal import EMPTY, Field, loose_spelling
from rohe_iac.importing.foreign.naming import SERVICE_NAME_FIELDS, give_name
from rohe_iac.importing.foreign.project_settings import Variables
from rohe_iac.importing.foreign.variables.environment import add_environment

NETWORK = "every service of a stack reaches the others by ROHE_PEERS or its service port; there are no networks to name"


ELSEWHERE = "it is in another file; run `docker compose config` first and import what it prints"


EXTENSION = "fields that begin with x- say nothing to Compose either"


RIGHTS = "rights and kernel settings of a container are the target's affair"


NAMED = "an instance is named by the plan, SERVICE-INDEX"


LABELS = "labels of containers are made by the target"


STOP = "a replica is asked to end by SIGTERM, with no command before it"


TERMINAL = "a replica has no standard input"


LOGS = "logs are read with `rohe logs`"


SWAP = "swap is not used"


AMOUNTS = "shares and quotas weigh among neighbours; requests.cpu and limits.cpu are amounts of cores: write them there"


HOOKS = "commands run beside a replica's own are not part of a blueprint"


SECRETS = "no service uses it"


UNKNOWN = "not a field of the Compose Specification that rohe knows"


REASONS = {
    "build": "rohe builds no images: name one that is built",
    "cpuset": "which cores a replica gets is the target's affair; requests.cores says how many it keeps busy",
    "develop": "what is watched while developing is not part of a blueprint",
    "extends": ELSEWHERE,
    "models": "a model is served by a service of its own, which has an image",
    "provider": "rohe runs images and commands; what somebody else provides is reached by its address, under env",
    "pullpolicy": "when an image is pulled is the target's affair",
    "restart": "replicas are restarted when they end",
    "volumesfrom": "there is no such service in the file: name each volume in the service that has it",
    **dict.fromkeys(("containername", "hostname"), NAMED),
    **dict.fromkeys(("annotations", "labelfile"), LABELS),
    **dict.fromkeys(("attach", "logging", "logdriver", "logopt"), LOGS),
    "dockerfile": "rohe builds no images: name one that is built",
    "volumedriver": "which storage a volume has is the target's affair",
    **dict.fromkeys(("prestop", "stopsignal"), STOP),
    **dict.fromkeys(("stdinopen", "tty"), TERMINAL),
    **dict.fromkeys(("memswaplimit", "memswappiness"), SWAP),
    **dict.fromkeys(("poststart", "useapisocket"), HOOKS),
}


for _names, _reason in (
    ("cpucount cpupercent cpuperiod cpuquota cpurtperiod cpurtruntime cpushares", AMOUNTS),
    ("dns dnsopt dnssearch domainname externallinks extrahosts macaddress net networkmode networks", NETWORK),
    ("blkioconfig cgroup cgroupparent credentialspec devicecgrouprules groupadd init", RIGHTS),
    ("ipc isolation oomkilldisable oomscoreadj pid pidslimit securityopt storageopt", RIGHTS),
    ("sysctls ulimits usernsmode uts", RIGHTS),
):
    REASONS |= dict.fromkeys(_names.split(), _reason)


TOP = {
    "version": "the Compose Specification takes no notice of it either",
    "networks": NETWORK,
    "volumes": "a volume is declared where a service uses it",
    "secrets": SECRETS,
    "configs": "a config is a file of the repository, put before each service that names it",
    "models": REASONS["models"],
}


COMPOSE_MARKS = (
    *("image", "build", "environment", "env_file", "ports", "expose", "deploy", "depends_on", "command", "entrypoint"),
    *("volumes", "healthcheck", "extends", "networks", "restart", "labels", "profiles", "container_name", "logging"),
    *("user", "tty", "stdin_open", "cap_add", "privileged", "devices", "gpus", "runtime", "shm_size", "tmpfs"),
    *("ulimits", "sysctls", "links", "external_links", "extra_hosts", "dns", "hostname", "mem_limit", "cpus"),
    *("platform", "pull_policy", "secrets", "configs", "network_mode", "init", "security_opt", "stop_signal"),
    *("scale", "develop", "provider", "read_only", "stop_grace_period"),
)


ROHE_MARKS = (
    "port_mapping",
    "processor",
    "cores_required",
    "cpu_required",
    "memory_required",
    "sensitivity",
    "service_id",
    *SERVICE_NAME_FIELDS,
)


def is_compose(root: Field) -> bool:
    """Checks whether a document is a Compose file: services by name, with fields of Compose and none of ROHE's own."""
    services = root.get("services")
    if services is None and is_first_version(root.node):
        services = root
    if services is None or not services.entries():
        return _has_no_services(root)
    parts = [part for _, part in services.entries()]
    if any(part.get(*ROHE_MARKS) is not None for part in parts):
        return False
    known = [part.get(*COMPOSE_MARKS) is not None or part.node.tag in ("!reset", "!override") for part in parts]
    return any(known) and all(part.is_mapping or not part.is_list for part in parts)


def _has_no_services(root: Field) -> bool:
    """Checks whether a document has entries of a Compose file without services: it includes files, or is merged."""
    found = {loose_spelling(key) for key, part in root.entries() if not key.startswith("x-") and not part.is_empty}
    return bool(found & {"include", "networks", "volumes", "secrets", "configs"}) and found <= {*TOP, "include", "name"}


def import_compose(root: Field, drafts: Drafts) -> None:
    """Adds the services as one pipeline, named by the file's `name`, else by the user, the file or its folder."""
    name = root.get("name")
    variables = drafts.variables.get(root.place.file, Variables())
    services = root.get("services")
    named = name.text if name is not None else ""
    # The files of a project that were read together have its name among their variables.
    original = variables.values.get(NAME) or project_name(root.place.file, named, drafts, variables)
    draft = drafts.pipeline(original, root.place.file)
    for profile in drafts.settings.profiles:
        if services is None or not has_profile(services, profile):
            root.note(f"no service has the profile '{profile[:60]}'")
    if name is not None and named == original:
        name.map_to(f"Pipeline/{draft.name}: metadata.name")
    elif name is not None:
        name.drop("the variable COMPOSE_PROJECT_NAME names the project, or there are two projects of that name")
    names: dict[str, str] = {}
    left_out = drop_inactive(services, active_profiles(drafts.settings, variables)) if services is not None else set()
    entries = [part for part in services.entries() if part[0] not in left_out] if services is not None else []
    expand_volumes_from(dict(entries))
    texts: dict[str, list[tuple[Field, str]]] = {}
    volume_name = cache(lambda text: draft.volume_names.give(text, "volume"))
    for key, field in entries:
        if field.is_mapping:
            drafts.pipeline(original, field.place.file)
            service, texts[key] = _service(key, field, draft, root, drafts, volume_name)
            draft.services.append(service)
            names[key] = service["name"]
    by_name = {service["name"]: service for service in draft.services}
    mark_completed(entries, by_name, names, f"Pipeline/{draft.name}")
    share_devices(entries, by_name, names)
    draft.volumes += share_volumes(
        root.get("volumes"),
        [(field, by_name[names[key]]) for key, field in entries if key in names],
        volume_name,
        target=draft.name,
    )
    called = names_of_services(entries, names)
    for key, field in entries:
        if field.is_mapping:
            add_addressed(key, field, names, draft, called, texts[key])
    for key, field in entries:
        if field.is_mapping:
            add_named_hosts(field, by_name[names[key]], called, draft)
    for key, field in entries:
        if field.is_mapping:
            add_dependencies(key, field, names, draft, left_out)
            add_shared(key, field, names, draft)
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
    root: Field,
    drafts: Drafts,
    volume_name: Callable[[str], str],
) -> tuple[dict[str, Any], list[tuple[Field, str]]]:
    """Returns a service of the pipeline, and the values of its files of variables with the fields that name them."""
    referenced_files = drafts.referenced_files
    name = give_name(field, key, "service", draft.names, draft.annotations)
    target = f"Pipeline/{draft.name}: services.{name}"
    service: dict[str, Any] = {"name": name}
    add_image(field, service, target, "image")
    # As with containers: the entry point is what runs, the command its arguments.
    words = {"entrypoint": "command", "command": "args"}
    if _drops_entry_point(field, target):
        words = {"command": "command"}
    add_command(field, service, target, words, without_references)
    add_ports(field, service, target)
    texts = add_environment(field, service, target, referenced_files, drafts.variables, drafts.secret_references)
    add_secrets_of_commands(field, service, drafts.secret_references)
    files: list[dict[str, Any]] = []
    add_volumes(field, service, target, referenced_files, files, volume_name)
    add_configs(field, root.get("configs"), referenced_files, files, target)
    add_secrets(field, root.get("secrets"), files, target)
    if files:
        service["files"] = files
    add_healthcheck(key, field, service, target)
    add_deploy(field, service, target)
    add_devices(field, service, target)
    add_user(field, service, target)
    add_rights(field, service, target)
    add_grace_period(field, service, target)
    add_labels(field, service, target)
    _add_platform(field, service, target)
    return service, texts


def _drops_entry_point(field: Field, target: str) -> bool:
    """Checks whether an empty `entrypoint` takes away that of the image, so that `command` is what runs."""
    stated = dict(field.entries()).get("entrypoint")
    if (
        stated is None
        or stated.is_mapping
        or (stated.value is None and not stated.is_list)
        or stated.text
        or stated.items()
    ):
        return False
    if field.get("command") is None:
        stated.drop("there is no command to run instead: the entry point of the image is kept")
    else:
        stated.map_to(f"{target}.command")
    return True


def _add_platform(field: Field, service: dict[str, Any], target: str) -> None:
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
