"""Imports all objects of Kubernetes in files together: nodes as an inventory, each namespace as a pipeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from pathlib import PurePath
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.foundation.names import is_name
from rohe_iac.importing.foreign.drafts import Drafts, PipelineDraft
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.kubernetes.calls import CallFinder
from rohe_iac.importing.kubernetes.environment import VariableReader
from rohe_iac.importing.kubernetes.mounts import MountReader
from rohe_iac.importing.kubernetes.nodes import CLUSTER_KINDS, add_nodes
from rohe_iac.importing.kubernetes.objects import DEFAULT_NAMESPACE, KubernetesObject, at, items_at, objects_of, text_at
from rohe_iac.importing.kubernetes.reasons import CLUSTER, KINDS, METADATA, OBJECT, POD, UNKNOWN_KIND, WORKLOAD
from rohe_iac.importing.kubernetes.scheduling import add_placement
from rohe_iac.importing.kubernetes.services import REASONS as SERVICE
from rohe_iac.importing.kubernetes.services import add_service
from rohe_iac.importing.kubernetes.settings import drop_values, settings_of
from rohe_iac.importing.kubernetes.workloads import KINDS as WORKLOADS
from rohe_iac.importing.kubernetes.workloads import ImportedWorkload, Readers, add_workload, pod_of

PART_OF = "app.kubernetes.io/part-of"
"""The label with the name of the whole that an object is part of."""

OWNERS = (*WORKLOADS, "CronJob", "Node")
"""Kinds of objects of which others are a mere consequence; what an operator made is a workload like any other."""

MADE = "{} owns it, and is imported itself"

OWNED = "{} owns it: import that"

READ = "the kind of the object"

NAMED = "the name that references use"

NO_CLAIM_USER = "no container of these files mounts it"


def import_kubernetes(roots: Sequence[Field], drafts: Drafts) -> None:
    """Adds nodes to the inventory, and the workloads of each namespace as a pipeline.

    Args:
        roots: The documents, each an object or a list of objects.
        drafts: The drafts, added to.
    """
    objects = _without_repeated(objects_of(roots))
    has_nodes = any(item.kind == "Node" for item in objects)
    running = [item for item in objects if has_nodes and _is_running_elsewhere(item)]
    add_nodes(objects, running, drafts)
    counted = {id(item) for item in running}
    rest = [item for item in objects if id(item) not in counted and item.kind != "Node"]
    rest = [item for item in rest if not (has_nodes and item.kind in CLUSTER_KINDS)]
    titles = {(item.namespace, item.title) for item in objects}
    made = [item for item in rest if item.kind in WORKLOADS and _owner(item).partition("/")[0] in OWNERS]
    for item in made:
        owner = _owner(item)
        item.field.drop((MADE if (item.namespace, owner) in titles else OWNED).format(owner))
    rest = [item for item in rest if item not in made]
    spaces = list(dict.fromkeys(item.namespace for item in rest if item.kind in WORKLOADS))
    for space in spaces:
        parts = [item for item in rest if item.namespace == space]
        elsewhere = [
            f"{item.name}.{item.namespace or DEFAULT_NAMESPACE}"
            for item in rest
            if item.kind == "Service" and item.namespace != space
        ]
        _import_namespace(space, parts, drafts, elsewhere, alone=len(spaces) == 1)
    for item in rest:
        _drop_others(item)


def _without_repeated(objects: list[KubernetesObject]) -> list[KubernetesObject]:
    """Returns objects, of several with one name the last, as when files are applied one after another."""
    last = {(item.kind, item.namespace, item.name): item for item in objects if item.name}
    found = []
    for item in objects:
        if last.get((item.kind, item.namespace, item.name), item) is item:
            found.append(item)
        else:
            item.field.drop(f"{item.title} is here again below, and the last one counts")
    return found


def _is_running_elsewhere(item: KubernetesObject) -> bool:
    """Checks whether an object is a pod that another object made, and that is on a node."""
    return item.kind == "Pod" and bool(_owner(item)) and bool(text_at(item.field, "spec", "nodeName"))


def _owner(item: KubernetesObject) -> str:
    """Returns what made an object, as `Deployment/web`; "" for nothing."""
    owners = items_at(item.field, "metadata", "ownerReferences")
    return f"{text_at(owners[0], 'kind')}/{text_at(owners[0], 'name')}" if owners else ""


def _import_namespace(
    space: str, objects: list[KubernetesObject], drafts: Drafts, elsewhere: list[str], *, alone: bool
) -> None:
    draft = drafts.pipeline(_name(space, objects, drafts, alone=alone), objects[0].field.place.file)
    for item in objects:
        if item.kind in WORKLOADS and item.field.place.file not in draft.sources:
            draft.sources.append(item.field.place.file)
    settings = settings_of(objects)
    claims = {item.name: item for item in objects if item.kind == "PersistentVolumeClaim"}
    variables = VariableReader(settings)
    mounts = MountReader(settings, claims, draft, drafts)
    readers = Readers(draft, variables, mounts)
    added = (add_workload(item, readers) for item in objects if item.kind in WORKLOADS)
    workloads = [workload for workload in added if workload is not None]
    _set_namespace(space, objects, draft, drafts)
    mounts.share_claims()
    _place(workloads, draft)
    called = {}
    for item in objects:
        if item.kind == "Service":
            found_service = add_service(item, workloads, draft)
            if found_service is not None:
                called[item.name] = found_service
    draft.services[:] = [_in_order(service) for service in draft.services]
    calls = CallFinder(called, space, draft, elsewhere)
    for caller, found in variables.texts.items():
        for variable, text, part in found:
            calls.add(caller, variable, text, part)
    for caller, text, part in mounts.texts:
        calls.add(caller, "", text, part)


def _set_namespace(space: str, objects: list[KubernetesObject], draft: PipelineDraft, drafts: Drafts) -> None:
    """Sets the namespace of a pipeline with services; a stack is applied to that of the first."""
    if not draft.services or not is_name(space or DEFAULT_NAMESPACE):
        return
    is_first = not any(other.namespace for other in drafts.pipelines.values())
    draft.namespace = space or DEFAULT_NAMESPACE
    for item in objects if is_first and drafts.inventory.nodes else ():
        written = at(item.field, "metadata", "namespace")
        if written is not None:
            written.map_to("Stack: target.kubernetes.namespace")


def _name(space: str, objects: list[KubernetesObject], drafts: Drafts, *, alone: bool) -> str:
    """Returns the name of the pipeline: the user's, that of the namespace or of the whole, or that of the file."""
    if alone and drafts.name:
        return drafts.name
    if space:
        return space
    wholes = {item.labels().get(PART_OF, "") for item in objects if item.kind in WORKLOADS}
    if len(wholes) == 1 and (whole := next(iter(wholes))):
        return whole
    path = PurePath(objects[0].field.place.file)
    generic = re.fullmatch(r"(all|deploy(ment)?s?|k8s|kubernetes|manifests?|stdin|-)?", path.stem)
    return (path.parent.name if generic and path.parent.name else path.stem) or "kubernetes"


def _in_order(service: dict[str, Any]) -> dict[str, Any]:
    """Returns a service with its fields in the order of the language."""
    order = [field.alias or name for name, field in Service.model_fields.items()]
    return dict(sorted(service.items(), key=lambda entry: order.index(entry[0])))


def _place(workloads: list[ImportedWorkload], draft: PipelineDraft) -> None:
    def find(labels: object) -> list[str]:
        wanted = dict(labels)  # type: ignore[call-overload]
        return [workload.service["name"] for workload in workloads if wanted.items() <= workload.labels.items()]

    for workload in workloads:
        target = f"Pipeline/{draft.name}: services.{workload.service['name']}"
        add_placement(workload.pod, workload.service, target, workload.labels, find)
        for service in workload.beside:
            # The containers of one pod go where the pod may go.
            rules = deepcopy(workload.service.get("placement", {}))
            near = {"service": workload.service["name"], "topologyKey": "node"}
            service["placement"] = {**rules, "near": [near, *rules.get("near", [])]}
            if "arch" in workload.service:
                service["arch"] = [*workload.service["arch"]]


def _drop_others(item: KubernetesObject) -> None:
    """Lists what became nothing of an object."""
    field = item.field
    if field.path in field.journal.dropped or field.path in field.journal.mapped:
        return
    if item.kind in WORKLOADS:
        found = pod_of(item)
        if found is not None:
            pod, metadata = found
            pod.drop_rest(POD)
            if metadata is not None:
                metadata.drop_rest(METADATA, CLUSTER)
        spec = field.get("spec")
        if spec is not None:
            spec.drop_rest(WORKLOAD)
    elif item.kind == "Service":
        spec = field.get("spec")
        if spec is not None:
            spec.drop_rest(SERVICE, "how a service is reached from outside is the target's affair")
    elif item.kind in ("ConfigMap", "Secret"):
        drop_values(item)
    elif item.kind == "PersistentVolumeClaim":
        spec = field.get("spec")
        if spec is not None:
            spec.drop_unrecorded(NO_CLAIM_USER)
    else:
        field.drop(KINDS.get(item.kind, UNKNOWN_KIND))
        return
    for part in (field.get("apiVersion"), field.get("kind")):
        if part is not None and part.path not in field.journal.mapped:
            part.map_to(READ)
    metadata = field.get("metadata")
    if metadata is not None:
        name = metadata.get("name")
        if name is not None and name.path not in field.journal.recorded:
            name.map_to(NAMED)
        metadata.drop_rest(METADATA, CLUSTER)
    field.drop_rest(OBJECT)
