"""Fields in use that nothing acts on yet: reported, so that apply refuses what it would otherwise ignore.

When a field gets its effect, its line here is removed, with the page that documents it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.blueprint.language.contract import ContractSpec
from rohe_iac.blueprint.language.pipeline import Member, Pipeline, SecretReference, SecretValue, Service, Variant
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import with_alternative
from rohe_iac.foundation.diagnostics import Diagnostic, Severity

CODE = "R401"


def without_effect(blueprint: Blueprint) -> tuple[Diagnostic, ...]:
    """Returns a diagnostic for every field in use that apply would silently ignore, sorted by place."""
    diagnostics: set[Diagnostic] = set()
    local = blueprint.stack.spec.target.local is not None
    for address, field, hint in _fields_in_use(blueprint, local):
        place = blueprint.places[address]
        diagnostics.add(Diagnostic(place, CODE, f"{field} has no effect yet", hint, Severity.WARNING))
    return tuple(sorted(diagnostics, key=lambda diagnostic: (diagnostic.place, diagnostic.message)))


def _fields_in_use(blueprint: Blueprint, local: bool) -> Iterator[tuple[str, str, str]]:
    """Yields the address, the field in words, and the hint of each such field."""
    yield from ((f"stack/{blueprint.stack.metadata.name}", *item) for item in _stack_fields(blueprint))
    for pipeline in blueprint.pipelines:
        for service in pipeline.spec.services:
            address = f"service/{pipeline.metadata.name}:{service.name}"
            if service.reports.interval is not None:
                yield address, "reports.interval", "leave it out: reports are taken whenever they come"
            if local:
                yield from ((address, *item) for item in _service_fields(pipeline, service))
            for part in _service_parts(service):
                for name, value in (part.env or {}).items():
                    if local and isinstance(value, SecretValue) and not _is_readable(value):
                        hint = "write env:NAME or file:PATH"
                        yield address, f"the named secret of env {name}, on the target local,", hint
    for contract in blueprint.contracts:
        address = f"contract/{contract.metadata.name}"
        yield from ((address, *item) for item in _contract_fields(contract.spec))


def _service_parts(service: Service) -> list[Service | Variant | Member]:
    return [service, *service.variants, *(service.ensemble.members if service.ensemble is not None else ())]


def _is_readable(value: SecretValue) -> bool:
    name = value.secret.name if isinstance(value.secret, SecretReference) else value.secret
    return name.startswith(("env:", "file:"))


def _stack_fields(blueprint: Blueprint) -> Iterator[tuple[str, str]]:
    spec = blueprint.stack.spec
    render = "write the manifests with `rohe render` and apply those"
    if spec.target.kubernetes is not None:
        yield "target kubernetes", render
    if spec.target.manifests is not None:
        yield "target manifests", render
    if spec.target.local is not None and spec.target.local.runtime == "docker":
        yield "runtime docker", "use runtime: process"
    if spec.broker.credentials is not None:
        yield "broker.credentials", "use the embedded broker"
    if spec.store.mongodb is not None:
        yield "store.mongodb", "use store: {sqlite: {}}"
    if spec.agents.per_pipeline > 1:
        yield "agents.perPipeline above 1", "use perPipeline: 1"
    if spec.target.local is not None and "image" in spec.agents.model_fields_set:
        yield "agents.image, on the target local,", "agents run as processes of this rohe: leave image out"


def _service_fields(pipeline: Pipeline, service: Service) -> Iterator[tuple[str, str]]:
    suffix = ", on the target local,"
    if service.files:
        yield f"files{suffix}", "let the service read from its working folder"
    if service.volumes:
        yield f"volumes{suffix}", "let the service write below its working folder"
    running = [
        service if isinstance(part, Service) else with_alternative(service, part) for part in _service_parts(service)
    ]
    if len(running) > 1:
        running = running[1:]  # a service with variants or members does not run by itself
    without_command = [run for run in running if not run.command and run.replicas != 0]
    if any(run.profile is None for run in without_command):
        subject = "image" if service.image is not None else "a service"
        yield f"{subject} without command{suffix}", "add command: [...], or the profile that a stand-in replays"
    elif without_command:
        is_called = any(link.to == service.name for link in pipeline.spec.flow)
        if is_called and not service.ports:
            yield f"the flow to a service that is stood in for, without a port{suffix}", "add ports: [{name: http}]"
        if not is_called and pipeline.spec.load is None:
            yield (
                f"a service that is stood in for, in a pipeline without load{suffix}",
                "add load: 10/s to the pipeline",
            )


def _contract_fields(spec: ContractSpec) -> Iterator[tuple[str, str]]:
    for objective in spec.objectives:
        name = objective.name or objective.metric
        if objective.target is not None:
            yield f"target of objective '{name}', with budgetWindow and burnRates,", "leave them out"
        if objective.on_violation is not None and objective.on_violation.action in ("reroute", "reject"):
            yield f"onViolation {objective.on_violation.action} of objective '{name}'", "use alert or degrade"
    for sink in spec.sinks:
        kind = sink if isinstance(sink, str) else next(iter(sink))
        if kind in ("prometheus", "parquet"):
            yield f"sink {kind}", "use store, jsonl or mqtt"
