"""Fields in use that nothing acts on yet: reported, so that apply refuses what it would otherwise ignore.

When a field gets its effect, its line here is removed, with the page that documents it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rohe_iac.blueprint.checks.containers.unsupported import container_fields, is_local_secret, other_secret
from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.pipeline import Alternative, Pipeline, SecretReference, SecretValue, Service
from rohe_iac.blueprint.language.placement import PlacementRules
from rohe_iac.blueprint.language.pods.probe import Probe
from rohe_iac.blueprint.language.stack import Stack, StackSpec
from rohe_iac.blueprint.text.parsed import Path

CODE = "R401"

RENDER = "write the manifests with `rohe render --out DIR` and apply those"

NOTHING_TO_RUN = "a service without command"
"""The field of a service that R221 reports already, in the words of R401."""

_WHERE = ("on the target ", "on a cluster", "in a cluster", "beyond the target ")

_Field = tuple[Path, str, str]
"""The path of a field, what it is in words, and the hint."""


def check(document: Document, stack: Stack, tree: Tree, checked: set[tuple[Document, str]]) -> Iterator[Finding]:
    """Yields a warning for every field that apply would silently ignore in the stack and in what it names.

    Args:
        document: The document of the stack.
        stack: The stack.
        tree: All documents of the blueprint.
        checked: Documents that need not be looked at again, each with the target it was checked for; those that are
            looked at are added, since many stacks may name the same pipeline.
    """
    if document.lacks_names(("spec", "target")):
        return  # what has an effect there is not known
    yield from _findings(document, _stack_fields(stack))
    target = stack.spec.target
    on = "kubernetes" if target.kubernetes is not None else "manifests" if target.manifests is not None else "local"
    for name in stack.spec.pipelines:
        pipeline = tree.catalogue.named("Pipeline", name, document)
        if pipeline is not None and isinstance(pipeline.model, Pipeline) and (pipeline, on) not in checked:
            checked.add((pipeline, on))
            yield from _findings(pipeline, _pipeline_fields(pipeline.model, on))
    for name in stack.spec.contracts:
        contract = tree.catalogue.named("ObservationContract", name, document)
        if contract is not None and isinstance(contract.model, ObservationContract) and (contract, "") not in checked:
            checked.add((contract, ""))
            yield from _findings(contract, _contract_fields(contract.model))


def _findings(document: Document, fields: Iterator[_Field]) -> Iterator[Finding]:
    for path, field, hint in fields:
        # Where the words end with the target, other targets act on the field, and that one need not come to.
        what, _, where = field.removesuffix(",").rpartition(", ")
        message = f"{what} has no effect {where}" if where.startswith(_WHERE) else f"{field} has no effect yet"
        yield warning(document, path, CODE, message, hint, on_key=path[-1:] != ("name",))


def _stack_fields(stack: Stack) -> Iterator[_Field]:
    spec = stack.spec
    if spec.target.manifests is not None:
        yield ("spec", "target", "manifests"), "apply to the target manifests", RENDER
    if spec.target.local is not None and spec.target.local.runtime == "docker":
        yield ("spec", "target", "local", "runtime"), "runtime docker", "use runtime: process"
    embedded = spec.broker.embedded
    local = spec.target.local is not None
    if not local and embedded is not None and embedded.server != "nats" and embedded.image is None:
        what = f"server {embedded.server} without image, beyond the target local,"
        yield ("spec", "broker", "embedded", "server"), what, "add image: one of the agent with the server installed"
    if local and embedded is not None and embedded.image is not None:
        yield ("spec", "broker", "embedded", "image"), "broker.embedded.image, on the target local,", "leave it out"
    if spec.broker.credentials is not None:
        secret = SecretValue.model_construct(secret=spec.broker.credentials.secret)
        name = secret.secret.name if isinstance(secret.secret, SecretReference) else secret.secret
        if local and not name.startswith("file:"):
            hint = "write file:PATH of a folder with the files user and password, or of a credential file"
            yield ("spec", "broker", "credentials"), "a named secret in broker.credentials, on the target local,", hint
        elif not local and is_local_secret(secret.secret):
            what = "the secret of this machine in broker.credentials, in a cluster,"
            yield ("spec", "broker", "credentials"), what, "name a Secret of the cluster: {secret: NAME}"
    for name, stated in (("password", spec.amqp.password), ("ca", spec.amqp.ca)) if spec.amqp is not None else ():
        if stated is not None and is_local_secret(stated.secret) != local:
            kind, hint = other_secret("local" if local else "kubernetes")
            on = "the target local" if local else "a cluster"
            yield ("spec", "amqp", name), f"the {kind} of amqp.{name}, on {on},", hint
    yield from _versions(spec)
    if local:
        yield from _endless(("spec", "agents"), spec.agents.placement)
        yield from _endless(("spec", "store"), spec.store.placement)
        if embedded is not None:
            yield from _endless(("spec", "broker", "embedded"), embedded.placement)
    tls = embedded.tls if embedded is not None else None
    for part, value in (tls.given if tls is not None else {}).items():
        if local and not is_local_secret(value.secret):
            what = f"the named secret of {part} in broker.embedded.tls, on the target local,"
            yield ("spec", "broker", "embedded", "tls", part), what, "write file:PATH or env:NAME"
    if local and "storage" in spec.model_fields_set:
        hint = "leave it out: outboxes and stores are in the stack's folder"
        yield ("spec", "storage"), "storage, on the target local,", hint
    if spec.store.mongodb is not None:
        yield ("spec", "store", "mongodb"), "store.mongodb", "use store: {sqlite: {}}"
    if spec.target.local is not None and "image" in spec.agents.model_fields_set:
        hint = "agents run as processes of this rohe: leave image out"
        yield ("spec", "agents", "image"), "agents.image, on the target local,", hint


def _versions(spec: StackSpec) -> Iterator[_Field]:
    """Yields a version of MQTT that the broker does not speak, or that nobody would tell the clients of."""
    broker, at = spec.broker, ("spec", "broker", "mqtt")
    if broker.mqtt == "5" and broker.embedded is not None and broker.embedded.server == "nats":
        yield at, "mqtt 5 with server nats, which speaks 3.1.1 alone,", "use server: mosquitto, or leave mqtt out"
    if broker.mqtt is not None and broker.url is not None and spec.target.local is None:
        yield at, "broker.mqtt with url, in a cluster,", "name a Secret with a credential file that has `mqtt`"


def _pipeline_fields(pipeline: Pipeline, on: str) -> Iterator[_Field]:
    called = {link.to for link in pipeline.spec.flow}
    for index, service in enumerate(pipeline.spec.services):
        base: Path = ("spec", "services", index)
        parts: list[tuple[Path, Service | Alternative]] = [(base, service)]
        parts += [((*base, "variants", number), part) for number, part in enumerate(service.variants)]
        members = service.ensemble.members if service.ensemble is not None else ()
        parts += [((*base, "ensemble", "members", number), part) for number, part in enumerate(members)]
        if service.reports.interval is not None:
            hint = "leave it out: reports are taken whenever they come"
            yield (*base, "reports", "interval"), "reports.interval", hint
        yield from container_fields(base, service, on)
        if on == "local":
            yield from _cluster_fields(base, service)
        for path, part in parts[1:]:
            own = Service.model_construct(name=part.name, **_fields_of(part))
            yield from container_fields(path, own, on)
            if on == "local":
                yield from _cluster_fields(path, own)
        for path, part in parts:
            for name, value in (part.env or {}).items():
                if isinstance(value, SecretValue) and is_local_secret(value.secret) != (on == "local"):
                    kind, hint = other_secret(on)
                    yield (*path, "env", name), f"the {kind} of env {name}, on the target {on},", hint
        running = parts[1:] or parts  # a service with variants or members does not run by itself
        if on != "local" and not all(part.image or service.image for _, part in running):
            what = f"a service without image, on the target {on},"
            yield (*base, "name"), what, "add image: registry/name:tag"
        if on == "local":
            yield from _without_command(service, parts, service.name in called, pipeline.spec.load is not None)


def _fields_of(part: Service | Alternative) -> dict[str, Any]:
    """Returns what a variant or member says in place of its service and targets may not act on."""
    values = {name: getattr(part, name, None) for name in ("files", "volumes", "placement", "health", "working_dir")}
    return {name: value for name, value in values.items() if value is not None}


def _cluster_fields(base: Path, service: Service) -> Iterator[_Field]:
    """Yields the fields of a service that only a cluster acts on."""
    suffix = ", on the target local,"
    yield from _endless(base, service.placement)
    if service.termination_grace_period is not None:
        hint = "leave it out: processes have 10 s to end"
        yield (*base, "terminationGracePeriod"), f"terminationGracePeriod{suffix}", hint
    if service.labels:
        yield (*base, "labels"), f"labels{suffix}", "leave them out: processes have no labels"
    for name, probe in (("readiness", service.health.readiness), ("liveness", service.health.liveness)):
        for field in sorted(probe.model_fields_set) if probe is not None else ():
            written = Probe.model_fields[field].alias or field
            if written not in ("http", "tcp"):
                yield (*base, "health", name, written), f"{written} of a probe{suffix}", "ask by http or tcp, every 5 s"


def _endless(base: Path, rules: PlacementRules) -> Iterator[_Field]:
    """Yields the tolerations that are to end after some time, which only a cluster acts on."""
    for number, toleration in enumerate(rules.tolerations):
        if toleration.toleration_seconds is not None:
            at = (*base, "placement", "tolerations", number, "tolerationSeconds")
            hint = "leave it out: nodes of this machine always answer"
            yield at, "tolerationSeconds, on the target local,", hint


def _without_command(
    service: Service, parts: list[tuple[Path, Service | Alternative]], called: bool, has_load: bool
) -> Iterator[_Field]:
    """Yields what keeps a service without a command from running on this machine.

    Args:
        service: The service.
        parts: The service with its path, and its variants and members with theirs.
        called: Whether a flow leads to the service.
        has_load: Whether the pipeline has a load.
    """
    base = parts[0][0]
    running = parts[1:] or parts  # a service with variants or members does not run by itself
    lacking = [
        part
        for _, part in running
        if not (service.command if part.command is None else part.command)
        and (service.replicas if getattr(part, "replicas", None) is None else getattr(part, "replicas", None)) != 0
    ]
    suffix = ", on the target local,"
    if any((part.profile or service.profile) is None for part in lacking):
        subject, field = ("image without command", "image") if service.image is not None else (NOTHING_TO_RUN, "name")
        hint = "add command: [...], or the profile that a stand-in replays"
        yield (*base, field), f"{subject}{suffix}", hint
    elif lacking:
        if called and not service.ports:
            what = f"the flow to a service that is stood in for, without a port{suffix}"
            yield (*base, "name"), what, "add ports: [{name: http}]"
        if not called and not has_load:
            what = f"a service that is stood in for, in a pipeline without load{suffix}"
            yield (*base, "name"), what, "add load: 10/s to the pipeline"


def _contract_fields(contract: ObservationContract) -> Iterator[_Field]:
    if len(contract.spec.about) > 1:
        yield ("spec", "pipelines"), "a contract over several pipelines", "write one contract for each pipeline"
    for index, objective in enumerate(contract.spec.objectives):
        name = objective.name or objective.metric
        base: Path = ("spec", "objectives", index)
        if objective.target is not None:
            what = f"target of objective '{name}', with budgetWindow and burnRates,"
            yield (*base, "target"), what, "leave them out"
        if objective.on_violation is not None and objective.on_violation.action in ("reroute", "reject"):
            what = f"onViolation {objective.on_violation.action} of objective '{name}'"
            yield (*base, "onViolation"), what, "use alert or degrade"
    for index, sink in enumerate(contract.spec.sinks):
        kind = sink if isinstance(sink, str) else next(iter(sink))
        if kind in ("prometheus", "parquet"):
            yield ("spec", "sinks", index), f"sink {kind}", "use store, jsonl or mqtt"
