"""Programs that a plan for this machine needs and that are not here."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import service_with_variant, workloads_of
from rohe_iac.foundation.diagnostics import Diagnostic, Severity
from rohe_iac.manifests.programs import program_exists, search_path
from rohe_iac.planning.model.plan import Plan

CODE = "R402"


def missing_programs(blueprint: Blueprint, plan: Plan, outer: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Returns a warning for every program of a placed replica that is not on this machine, sorted by place.

    It is no error: a plan may be made on another machine than the one where it is applied, and apply looks again.

    Args:
        blueprint: A blueprint with the target `local`.
        plan: The plan that was made of it.
        outer: The environment of the user.
    """
    workloads = {workload.address: workload for workload in workloads_of(blueprint)}
    found: dict[tuple[str, str], Diagnostic] = {}
    for address, variant in {(placement.workload, placement.variant): None for placement in plan.placements}:
        workload = workloads[address]
        service = service_with_variant(workload, variant)
        # A word with a reference is known when the replica starts; a service without a command has a stand-in.
        word = service.command[0] if service.command else ""
        if workload.system or not word or "$" in word or "{" in word:
            continue
        own_path = service.env.get("PATH")
        search = own_path if isinstance(own_path, str) else search_path(outer)
        if not program_exists(word, blueprint.root / service.working_dir, search):
            origin = f"service/{workload.pipeline}:{workload.service.name}"
            where = f"in {service.working_dir}" if "/" in word else "on PATH"
            message = f"the program '{word[:60]}' of service '{workload.service.name}' is not {where} on this machine"
            hint = "install it where the plan is applied, or correct the name: apply refuses without it"
            place = blueprint.places[origin]
            found.setdefault((origin, word), Diagnostic(place, CODE, message, hint, Severity.WARNING))
    return tuple(sorted(found.values(), key=lambda diagnostic: (diagnostic.place, diagnostic.message)))
