"""Prerequisites of rendered manifests: what they name and do not contain, so that somebody else has to provide it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rohe_iac.blueprint.language.pipeline import SecretReference, SecretValue, Service
from rohe_iac.blueprint.language.stack import StackSpec
from rohe_iac.blueprint.linked.cluster_device import ClusterDevice
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant
from rohe_iac.manifests.secret_source import reference_of
from rohe_iac.planning.model.plan import Placement


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something that must exist in the cluster, or in a registry, before the manifests work.

    Attributes:
        kind: image, Secret, DeviceClass, or resource (an extended resource that nodes offer).
        name: Its name, as the manifests have it.
        content: What it has to hold, in words; "" where the name says it.
        needed_by: Addresses of the workloads that name it, sorted.
    """

    kind: str
    name: str
    content: str
    needed_by: tuple[str, ...]


def image_of(workload: Workload, service: Service, spec: StackSpec) -> str:
    """Returns the image that the containers of a workload run, "" where the blueprint names none.

    Args:
        workload: The workload.
        service: Its service, with the fields of the variant that the plan chose.
        spec: The stack, which names the images of agents and broker.
    """
    if not workload.system:
        return service.image or ""
    embedded = spec.broker.embedded
    own = embedded.image if workload.role == "broker" and embedded is not None else None
    return own or spec.agents.image


def pull_secrets(service: Service, spec: StackSpec) -> tuple[str, ...]:
    """Returns the Secrets with which nodes log in at registries, sorted: those of the service and of the target.

    Args:
        service: The service of the pod.
        spec: The stack, whose pods all have the Secrets of its target.
    """
    shared = spec.target.kubernetes.pull_secrets if spec.target.kubernetes is not None else ()
    return tuple(sorted({*service.pull_secrets, *shared}))


def cluster_prerequisites(
    workloads: Mapping[str, Workload],
    placements: Iterable[Placement],
    spec: StackSpec,
    connected: Collection[str],
    devices: Mapping[str, Mapping[str, ClusterDevice]],
) -> tuple[Prerequisite, ...]:
    """Returns what the manifests of a cluster name and do not contain, sorted by kind and name.

    Args:
        workloads: Every workload of the blueprint, by address.
        placements: The placed replicas.
        spec: The stack, which names the images of agents and broker.
        connected: The pipelines whose services are clients of the broker.
        devices: The devices of every node, by node and name.
    """
    found: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
    for placement in placements:
        workload = workloads[placement.workload]
        named = _named(workload, placement.variant, spec, connected)
        for kind, name, content in (*named, *_named_devices(placement, devices)):
            contents, addresses = found.setdefault((kind, name), (set(), set()))
            contents.add(content)
            addresses.add(workload.address)
    return tuple(
        Prerequisite(kind, name, ", ".join(sorted(contents)), tuple(sorted(addresses)))
        for (kind, name), (contents, addresses) in sorted(found.items())
    )


def _named(
    workload: Workload, variant: str, spec: StackSpec, connected: Collection[str]
) -> Iterable[tuple[str, str, str]]:
    """Yields kind, name and content of everything that the objects of a workload name."""
    service = service_with_variant(workload, variant)
    image = image_of(workload, service, spec)
    embedded = spec.broker.embedded
    if workload.system:
        yield "image", image, "rohe, and nats-server for the broker"
    elif image:
        yield "image", image, ""
    if workload.role == "broker":
        files = ["mosquitto.conf", "passwords", "access"]
        if embedded is None or embedded.server == "nats":
            files = ["server.conf", "users.conf"]
        if embedded is not None and embedded.tls:
            files += ["tls.crt", "tls.key"]
        yield (
            "Secret",
            "rohe-broker",
            f"keys {', '.join(files[:-1])} and {files[-1]}: settings of the broker, with its users",
        )
    elif embedded is None:
        credentials = spec.broker.credentials
        if credentials is not None and (workload.role == "agent" or workload.pipeline in connected):
            secret = credentials.secret
            reference = secret if isinstance(secret, SecretReference) else SecretReference(name=secret)
            keys = f"key {reference.key}" if reference.key else "keys user and password, and maybe ca.crt"
            yield "Secret", reference.name, f"{keys}: credentials for {spec.broker.url}"
    elif workload.role == "agent" or workload.pipeline in connected:
        client = workload.slug if workload.system else workload.topic
        ca = ', "ca": ...' if embedded.tls else ""
        content = f'key credentials.json: {{"url": ..., "client": ..., "user": ..., "password": ...{ca}}}'
        yield "Secret", f"rohe-credential-{client}", content
    for variables in (service.env, *(step.env for step in service.init)):
        for name, value in variables.items():
            if isinstance(value, SecretValue):
                reference = reference_of(value.secret, name)
                yield "Secret", reference.name, f"key {reference.key}"
    for source in service.env_from:
        if source.secret is not None:
            yield "Secret", reference_of(source.secret, "").name, "variables by name"
    for file in service.files:
        if file.secret is not None:
            reference = reference_of(file.secret, file.path.rpartition("/")[2])
            yield "Secret", reference.name, f"key {reference.key}"
    for step in service.init:
        if step.image is not None:
            yield "image", step.image, ""
    for secret in pull_secrets(service, spec):
        yield "Secret", secret, "of type kubernetes.io/dockerconfigjson: the login at a registry"


def _named_devices(
    placement: Placement, devices: Mapping[str, Mapping[str, ClusterDevice]]
) -> Iterable[tuple[str, str, str]]:
    """Yields kind, name and content of what the pod of a replica needs to be given its devices."""
    for use in placement.devices:
        device = devices[placement.node][use.device]
        if device.known is None:
            continue
        if device.known.extended_resource is not None:
            yield "resource", device.known.extended_resource, "offered by a device plugin on the planned nodes"
            continue
        content = f"its devices have the attribute {device.known.attribute}"
        if device.known.capacity is not None:
            content += "; the feature DRAConsumableCapacity is on (alpha in Kubernetes 1.34)"
        yield "DeviceClass", device.known.device_class or "", content
