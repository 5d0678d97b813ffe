"""Checks of a stack: its references, and demands that no node of its inventory meets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from rohe_iac.blueprint.checks import protect as protect_checks
from rohe_iac.blueprint.checks.fitting import Fleet, check_fitting, fleet_of
from rohe_iac.blueprint.checks.plausibility import check_amount
from rohe_iac.blueprint.checks.sites import joined
from rohe_iac.blueprint.checks.sites.partial_fleet import ANY, may_be_said, unknown_aspects, with_known_types
from rohe_iac.blueprint.checks.system_parts import parts as system_parts
from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference, check_unique, check_user_module, name_hint, warning
from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.agent_memory import agent_memory
from rohe_iac.blueprint.linked.fleet import whole_inventory
from rohe_iac.blueprint.linked.machine import MEBIBYTE
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.quantities import counted, exact_bytes
from rohe_iac.foundation.user_callables import installed_callables

STRATEGIES = ("first-fit", "best-fit", "worst-fit", "dot-product", "fragmentation", "portfolio", "exact")


FILTERS = (
    "accelerators", "architecture", "cores", "cpu", "disk", "labels", "network", "rss", "status", "taints", "vms",
)  # fmt: skip


SCORERS = ("accelerator", "cpu", "interference", "memory", "open", "taints")


_PLUGGABLE = {"filters": ("filter", FILTERS), "scorers": ("scorer", SCORERS), "strategy": ("strategy", STRATEGIES)}
"""By the field of the planner: what its names are names of, and those that are built in."""


_RUN: tuple[Path, ...] = (("spec", "pipelines"),)
"""Where a stack has the pipelines that it runs."""


def check(document: Document, stack: Stack, tree: Tree) -> Iterator[Finding]:
    """Yields every finding of one stack."""
    spec = stack.spec
    for field, code, kind, noun, names in (
        ("pipelines", "R202", "Pipeline", "pipeline", spec.pipelines),
        ("contracts", "R204", "ObservationContract", "contract", spec.contracts),
    ):
        yield from check_unique(document, ("spec", field), noun, names, "")
        known = tree.catalogue.names(kind, document)
        for index, name in enumerate(names):
            if not tree.catalogue.is_broken(kind, name):
                yield from check_reference(document, ("spec", field, index), code, noun, name, known, taken=names)
    yield from _check_inventories(document, stack, tree)
    yield from _check_contracts(document, stack, tree)
    yield from _check_agent_memory(document, stack, tree)
    yield from check_unique(document, ("spec", "modules"), "module use", [use.name for use in spec.modules])
    yield from _check_planner(document, stack, tree)
    yield from _check_devices(document, stack, tree)
    yield from _check_amqp(document, stack)
    taken = joined.inventories_of(document, stack, tree)
    complete = len(taken) == len(spec.inventories) and not document.is_unknown(("spec", "inventory"))
    yield from protect_checks.check(document, stack, [own for own, _ in taken] if complete else [], tree)
    if spec.store.max_size < MEBIBYTE:
        message, hint = f"a store of {spec.store.max_size} bytes", f"did you mean {spec.store.max_size}Mi?"
        yield warning(document, ("spec", "store", "maxSize"), "R113", message, hint)
    if spec.storage.claim is not None:
        path = ("spec", "storage", "claim", "size")
        yield from check_amount(document, path, "a claim", spec.storage.claim.size, gibibytes=1024)
    if spec.storage.empty_dir is not None and spec.target.local is None:
        message = "reports that no agent has acknowledged, and all that an agent has stored, are lost with their pod"
        hint = "use storage: {claim: {}}, or hostPath where the namespace allows it"
        yield warning(document, ("spec", "storage", "emptyDir"), "R403", message, hint, of=(("spec", "target"),))
    if complete:
        unknown = frozenset[str]().union(*(unknown_aspects(own, inventory) for own, inventory in taken))
        for finding in _check_fitting(document, stack, [(own, with_known_types(item)) for own, item in taken], tree):
            if may_be_said(finding, unknown):
                yield finding


def _check_inventories(document: Document, stack: Stack, tree: Tree) -> Iterator[Finding]:
    """Yields every finding about the inventories of a stack, each and all together."""
    names = stack.spec.inventories
    yield from check_unique(document, ("spec", "inventory"), "inventory", names, "")
    known = tree.catalogue.names("Inventory", document)
    for index, name in enumerate(names):
        if not tree.catalogue.is_broken("Inventory", name):
            yield from check_reference(document, joined.path_of(stack, index), "R203", "inventory", name, known)
    yield from joined.check(document, stack, tree)


def _check_fitting(document: Document, stack: Stack, taken: joined.Taken, tree: Tree) -> Iterator[Finding]:
    fleet: Fleet | None = None
    compared_with = taken[0][0] if len(taken) == 1 else document
    nodes = sum(joined.number_of_nodes(inventory) for _, inventory in taken)
    for name in stack.spec.pipelines:
        pipeline = tree.catalogue.meant("Pipeline", name, document)
        if pipeline is None or not isinstance(pipeline.model, Pipeline) or (pipeline, compared_with) in tree.compared:
            continue
        # Other stacks of the same two documents have the same findings.
        tree.compared.add((pipeline, compared_with))
        if tree.allowance.fits < 0:
            return
        tree.allowance.fits -= len(pipeline.model.spec.services) + (nodes if fleet is None else 0)
        if tree.allowance.fits < 0:
            message = "whether services fit is not looked at from here on: there are so many stacks before"
            yield warning(document, ("spec", "inventory"), "R133", message, "check fewer stacks at once")
            return
        fleet = fleet or fleet_of(whole_inventory([inventory for _, inventory in taken]))
        yield from check_fitting(pipeline, pipeline.model, fleet)
    if fleet is not None:
        yield from system_parts.check(document, stack, fleet, tree)
        yield from _check_survival(document, stack, fleet)


def _check_survival(document: Document, stack: Stack, fleet: Fleet) -> Iterator[Finding]:
    """Yields findings about the number of nodes that the stack may lose."""
    spec = stack.spec
    running = sum(machine.status == "running" for machine in fleet.machines)
    zones = {machine.labels.get("zone", machine.name) for machine in fleet.machines if machine.status == "running"}
    survive = spec.planner.survive
    for number, kind, there in ((survive.nodes, "node", running), (survive.zones, "zone", len(zones))):
        if number and number >= there:
            message = f"no service survives {counted(number, f'{kind} failure')} on {counted(there, kind)}"
            hint = f"let it be less than there are {kind}s"
            yield warning(document, ("spec", "planner", "survive"), "R303", message, hint)


def _check_contracts(document: Document, stack: Stack, tree: Tree) -> Iterator[Finding]:
    meant = [tree.catalogue.meant("Pipeline", name, document) for name in stack.spec.pipelines]
    pipelines = {pipeline.name for pipeline in meant if pipeline is not None}
    if None in meant:
        return  # the missing or faulty pipeline may be the one that a contract is about
    for index, name in enumerate(stack.spec.contracts):
        contract = tree.catalogue.meant("ObservationContract", name, document)
        if contract is not None and isinstance(contract.model, ObservationContract):
            for pipeline in contract.model.spec.about:
                if pipeline not in pipelines and tree.catalogue.named("Pipeline", pipeline, document) is not None:
                    message = f"contract '{name}' is about pipeline '{pipeline}', which the stack does not run"
                    hint = f"add {pipeline} to pipelines"
                    yield Finding(document, ("spec", "contracts", index), "R230", message, hint, of=_RUN)


def _check_amqp(document: Document, stack: Stack) -> Iterator[Finding]:
    """Yields findings about the routing keys of reports over AMQP: every pipeline needs some, unless it has all."""
    amqp, pipelines = stack.spec.amqp, stack.spec.pipelines
    if amqp is None:
        return
    base: Path = ("spec", "amqp")
    for name in amqp.keys:
        yield from check_reference(
            document, (*base, "keys", name), "R202", "pipeline", name, pipelines, on_key=True, among=_RUN
        )
    if amqp.type == "fanout":
        if len(pipelines) > 1:
            message = "a fanout exchange gives the reports of every pipeline to all"
            hint = "use an exchange of type topic or direct, with keys"
            yield Finding(document, (*base, "type"), "R243", message, hint, of=_RUN)
        elif amqp.keys:
            message = "an exchange of type fanout has no use for routing keys"
            yield Finding(document, (*base, "keys"), "R243", message, "leave keys out")
        return
    lacking = [name for name in pipelines if name not in amqp.keys]
    if lacking and (len(pipelines) > 1 or amqp.type == "direct"):
        message = f"no routing key says which reports are those of pipeline '{lacking[0]}'"
        of = ((*base, "keys"), (*base, "type"), *_RUN)
        yield Finding(document, base, "R243", message, f"add keys: {{{lacking[0]}: [...]}}", of=of)


def _check_agent_memory(document: Document, stack: Stack, tree: Tree) -> Iterator[Finding]:
    """Yields a finding where the memory that is requested for agents, their limit, is less than a contract needs."""
    agents = stack.spec.agents
    if "requests" not in agents.model_fields_set or agents.requests.memory is None:
        return
    contracts = [
        contract.model
        for name in stack.spec.contracts
        if (contract := tree.catalogue.meant("ObservationContract", name, document)) is not None
        and isinstance(contract.model, ObservationContract)
    ]
    requested = agents.requests.memory.rss
    for name in stack.spec.pipelines:
        pipeline = tree.catalogue.meant("Pipeline", name, document)
        if pipeline is None or not isinstance(pipeline.model, Pipeline):
            continue
        memory = agent_memory(pipeline.model, contracts)
        if memory.needed > requested:
            needed, given = exact_bytes(memory.needed), exact_bytes(requested)
            part = f", {exact_bytes(memory.of_functions)} of it for user functions" if memory.functions else ""
            message = f"the agent of pipeline '{name}' needs {needed} at {memory.load:g}/s{part}, not {given}"
            smaller = f", or shorten the windows of {memory.largest}" if memory.largest else ""
            if memory.needed - memory.of_functions <= requested:
                name, size = max(memory.functions, key=lambda function: function[1])
                smaller = f", or state less memory than {exact_bytes(size)} for the function {name}"
            hint = f"write {needed}, or leave memory out to have it worked out (docs/sizing.md){smaller}"
            yield Finding(document, ("spec", "agents", "requests", "memory", "rss"), "R238", message, hint)
            return


def _check_devices(document: Document, stack: Stack, tree: Tree) -> Iterator[Finding]:
    """Yields a finding for every objective of the stack's contracts about a node that does not exist."""
    taken = joined.inventories_of(document, stack, tree)
    if len(taken) < len(stack.spec.inventories) or any(ANY in unknown_aspects(*item) for item in taken):
        return
    compared_with = taken[0][0] if len(taken) == 1 else document
    nodes: frozenset[str] | None = None
    for name in stack.spec.contracts:
        contract = tree.catalogue.meant("ObservationContract", name, document)
        if (
            contract is None
            or not isinstance(contract.model, ObservationContract)
            or (contract, compared_with) in tree.compared
        ):
            continue
        # Other stacks of the same two documents have the same findings.
        tree.compared.add((contract, compared_with))
        for index, objective in enumerate(contract.model.spec.objectives):
            if objective.scope.device is not None:
                path = ("spec", "objectives", index, "scope", "device")
                nodes = nodes or frozenset[str]().union(*(tree.nodes(own) for own, _ in taken))
                yield from check_reference(contract, path, "R209", "node", objective.scope.device, nodes)


def _check_planner(document: Document, stack: Stack, tree: Tree) -> Iterator[Finding]:
    planner = stack.spec.planner
    base: Path = ("spec", "planner")
    yield from check_unique(document, (*base, "objective"), "objective", planner.objective, "")
    names: list[tuple[Path, str]] = [((*base, "filters", index), name) for index, name in enumerate(planner.filters)]
    names += [((*base, "scorers", name), name) for name in planner.scorers]
    names += [((*base, "strategy"), planner.strategy)]
    for path, name in names:
        kind, built_in = _PLUGGABLE[str(path[2])]
        if ":" in name or name in built_in:
            continue
        known = (*built_in, *_installed_names(kind))
        if name not in known:
            hint = name_hint(document, name, known)
            if kind == "strategy":
                yield Finding(document, path, "R109", f"'{name[:63]}' is not a strategy", hint)
            else:
                # Where a stack is checked, what it names need not be installed.
                message = f"no {kind} '{name[:63]}' is built in or installed here"
                yield warning(document, path, "R109", message, hint, on_key=kind == "scorer")
    for path, name in names:
        if ":" not in name:
            continue  # built in or installed
        try:
            fault = tree.user_modules.check(name, positional=1, callables=False)
        except ValueError as error:
            yield Finding(document, path, "R125", str(error), "for example user_modules/scorers.py:name")
            continue
        yield from check_user_module(document, path, fault, tree.user_modules.import_faults(name))


@cache
def _installed_names(kind: str) -> tuple[str, ...]:
    # Cached: reading what distributions declare is slow.
    group = "rohe.strategies" if kind == "strategy" else f"rohe.{kind}s"
    return tuple(sorted({entry.name for entry in installed_callables(group)}))
