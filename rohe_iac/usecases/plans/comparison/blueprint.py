"""A plan file compared with what its blueprint gives: problem, manifests and all else.

The blueprint is the one whose text the plan file carries, else the one in the folder at hand. Nothing is planned: the
problem is posed again, and the plan of the file is rendered again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from rohe_iac import __version__
from rohe_iac.blueprint.documents.discovery import ROOT_FILE
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.blueprint.loading import load
from rohe_iac.deployment.files.field_changes import FieldChange, field_changes, value_changes
from rohe_iac.deployment.files.planfile import CARRIES_FILES, PlanFile
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.quantities import counted
from rohe_iac.manifests.attachments import load_attachments
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.from_blueprint.write_back import with_planned_requests
from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.defragmentation import defragmenting
from rohe_iac.usecases.plans.comparison.devices import device_faults
from rohe_iac.usecases.plans.plan_file_building import lies_below, planfile_of
from rohe_iac.usecases.plans.profile import load_profiles

MAX_SHOWN = 5
"""Differences of one part that are listed; the others are counted."""

COMPARED = ("project", "stack", "target", "inputs", "lock", "problem", "protect", "unsupported", "places")
"""Parts of a plan file that follow from the blueprint alone, or from the blueprint and the plan."""

KEYS = {"nodes": "name", "demands": "workload", "wires": "name", "promises": "objective", "inputs": "path"}
"""Lists whose items have a name of their own, and the field with that name."""


@dataclass(frozen=True, slots=True)
class BlueprintComparison:
    """What a comparison with the blueprint found.

    Attributes:
        faults: what the plan file has otherwise, a sentence each.
        unchecked: why the plan file, or a part of it, was not compared, a sentence each.
        source: what it was compared with: "the blueprint that the plan file carries", "the blueprint in FOLDER", or "".
    """

    faults: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    source: str = ""


def compare(planfile: PlanFile, root: Path, *, render: bool) -> BlueprintComparison:
    """Compares a plan file with the blueprint that it carries, else with the one at the root where that is the same.

    Args:
        planfile: the plan file.
        root: the root of the blueprint at hand, if there is any.
        render: whether to render the manifests again; only where the plan keeps all constraints.
    """
    if planfile.files is not None:
        faults = tuple(_carried_faults(planfile, dict(planfile.files)))
        if faults:
            return BlueprintComparison(faults)
        with tempfile.TemporaryDirectory(prefix="rohe-verify-") as folder:
            _write(Path(folder), planfile.files)
            return _compared(planfile, Path(folder), render, "the blueprint that the plan file carries")
    changed = [line for source in planfile.inputs if (line := changed_file(source, root))]
    if changed or not planfile.inputs:
        why = changed[0] if changed else "it names no file"
        line = f"problem, manifests, protect and inputs: the plan file does not carry its blueprint ({why} in {root})"
        return BlueprintComparison((), (f"{line}; name the folder with -C DIR",))
    return _compared(planfile, root, render, f"the blueprint in {root}")


def changed_file(source: Source, root: Path) -> str:
    """Returns how a file that a plan was made of differs from that below the root, "" where it does not."""
    try:
        found = sha256_hex((root / source.path).read_bytes())
    except OSError as error:
        return f"{source.path}: {error.strerror}"
    except ValueError:
        return f"{source.path[:60]}: not the name of a file"
    return "" if found == source.sha256 else f"{source.path}: changed since"


def _carried_faults(planfile: PlanFile, files: Mapping[str, str]) -> Iterator[str]:
    """Yields the files that are carried and are not those that the plan was made of."""
    named = {source.path: source.sha256 for source in planfile.inputs}
    for path in sorted(files.keys() ^ named.keys() - {ROOT_FILE}):
        if path != ROOT_FILE:
            yield f"inputs: {path} is {'not among them' if path in files else 'listed, and its text is not there'}"
    for path, text in sorted(files.items()):
        if path in named and sha256_hex(text.encode()) != named[path]:
            yield f"inputs: the text of {path} does not have the digest {named[path][:12]}"
        if not lies_below(path):
            yield f"inputs: {path} lies outside the blueprint"


def _write(folder: Path, files: tuple[tuple[str, str], ...]) -> None:
    # Without the file of the root, a folder further up might count as the root.
    (folder / ROOT_FILE).touch()
    for path, text in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


def _compared(planfile: PlanFile, root: Path, render: bool, source: str) -> BlueprintComparison:
    try:
        expected, inventory = _expected(planfile, root, render)
    except (RoheError, OSError) as error:
        brief = str(error).splitlines()[0] if str(error) else type(error).__name__
        return BlueprintComparison(
            (f"inputs: they are no blueprint of the stack {planfile.stack}: {brief}",), (), source
        )
    faults = [*_part_faults(planfile, expected)]
    if render:
        faults += [*_manifest_faults(planfile, expected), *_advice_faults(planfile, expected)]
        faults += device_faults(planfile, inventory)
    if faults and (planfile.tool != __version__ or planfile.schema < CARRIES_FILES):
        line = "another version of rohe wrote the file, and this one gives other values"
        return BlueprintComparison((), (f"problem and manifests: {line}: {faults[0]}",), source)
    return BlueprintComparison(tuple(faults), (), source)


def _expected(planfile: PlanFile, root: Path, render: bool) -> tuple[PlanFile, Inventory]:
    """Returns the plan file that the blueprint at the root gives for the same plan, and the inventory.

    Raises:
        RoheError: the files are no blueprint with such a stack.
    """
    blueprint = load(root, planfile.stack, allow_missing_files=True, values=planfile.given)
    profiles, measured = load_profiles(blueprint)
    problem = _with_choices(problem_of(blueprint, profiles), planfile.problem)
    if profiles:
        blueprint = with_planned_requests(blueprint, problem)
    if planfile.project.startswith("local-") and blueprint.project.startswith("local-"):
        # Such an id follows from the path of the folder, which the carried text does not have.
        blueprint = replace(blueprint, project=planfile.project)
    named = {item.path for item in planfile.inputs}
    plugged = {
        Source(path, origin.sha256)
        for origin in problem.settings.origins
        if (path := origin.reference.rpartition(":")[0]) in named
    }
    attachments, attached = load_attachments(blueprint)
    sources = tuple(sorted({*blueprint.sources, *measured, *plugged, *attached}, key=lambda item: item.path))
    solution = planfile.plan if render else replace(planfile.plan, placements=())
    return planfile_of(blueprint, problem, solution, profiles, sources, None, attachments), blueprint.inventory


def _with_choices(problem: Problem, saved: Problem) -> Problem:
    """Returns the problem with what is not in the blueprint.

    That is `--max-moves`, `--defragment`, and what plug-ins were taken from.
    """
    problem = replace(
        problem, settings=replace(problem.settings, max_moves=saved.settings.max_moves, origins=saved.settings.origins)
    )
    problem = replace(problem, demands=_with_counts(problem, saved))
    to_free_nodes, _ = defragmenting(problem, NO_PLUGINS)
    return to_free_nodes if to_free_nodes.settings == saved.settings else problem


def _with_counts(problem: Problem, saved: Problem) -> tuple[Demand, ...]:
    """Returns the demands; those that nodes count with the saved numbers, which depend on the plan before.

    A cordoned node counts where it had a replica. That the numbers agree with the nodes is checked with the plan.
    """
    counts = {demand.workload: demand for demand in saved.demands if demand.node_share}
    return tuple(
        replace(demand, replicas=stated.replicas, indices=stated.indices, note=stated.note)
        if demand.node_share and (stated := counts.get(demand.workload)) is not None
        else demand
        for demand in problem.demands
    )


def _part_faults(planfile: PlanFile, expected: PlanFile) -> Iterator[str]:
    """Yields each part of the plan file that the blueprint gives otherwise."""
    stated, given = planfile.content(), expected.content()
    for part in COMPARED:
        if stated[part] != given[part]:
            changes = value_changes(_by_name(given[part], part), _by_name(stated[part], part))
            yield from _shown(part, changes)


def _by_name(value: Any, part: str) -> Any:
    """Returns the value with lists of named items as mappings, so that differences are named."""
    if isinstance(value, dict):
        return {key: _by_name(item, key) for key, item in value.items()}
    if isinstance(value, list) and part in KEYS:
        return {item[KEYS[part]]: item for item in value}
    return value


def _shown(part: str, changes: tuple[FieldChange, ...]) -> Iterator[str]:
    if not changes:
        yield f"{part}: their order is not that of the blueprint"
    for change in changes[:MAX_SHOWN]:
        name = f"{part}: {change.field}" if change.field else part
        yield f"{name}: is {change.new or 'not there'}, the blueprint gives {change.old or 'nothing'}"
    if len(changes) > MAX_SHOWN:
        yield f"{part}: and {counted(len(changes) - MAX_SHOWN, 'further difference')}"


def _advice_faults(planfile: PlanFile, expected: PlanFile) -> Iterator[str]:
    """Yields what the plan file says and does not say of what its target does not enforce."""
    for item in sorted({*planfile.advice} ^ {*expected.advice}):
        there = item in planfile.advice
        yield f"advice: {item.address}: {'nothing gives' if there else 'it lacks'} '{item.words}'"


MANIFEST_FIELDS = tuple(field.name for field in fields(Manifest) if field.name not in ("name", "text", "serial"))
"""The fields of a manifest that are compared as they are; the serial is known at apply only, and not saved."""


def _manifest_faults(planfile: PlanFile, expected: PlanFile) -> Iterator[str]:
    """Yields each manifest that is not, byte for byte, what the blueprint and the plan render to."""
    stated = {manifest.name: manifest for manifest in planfile.manifests}
    given = {manifest.name: manifest for manifest in expected.manifests}
    for name in sorted(stated.keys() | given.keys()):
        mine, theirs = stated.get(name), given.get(name)
        if mine is None or theirs is None:
            yield f"manifest {name}: {'the plan renders to it, and it is missing' if mine is None else 'is too many'}"
            continue
        for field in MANIFEST_FIELDS:
            if getattr(mine, field) != getattr(theirs, field):
                words = json.dumps(getattr(theirs, field))
                yield f"manifest {name}: {field} is {json.dumps(getattr(mine, field))}, rendered it is {words}"
        if mine.text != theirs.text:
            changes = field_changes(theirs.text, mine.text)
            for change in changes[:MAX_SHOWN]:
                yield f"manifest {name}: {change.field}: is {change.new or 'not there'}, rendered it is {change.old}"
            if not changes:
                yield f"manifest {name}: its text is not what the plan renders to"
    names = [manifest.name for manifest in planfile.manifests]
    if stated.keys() == given.keys() and names != [manifest.name for manifest in expected.manifests]:
        yield "manifests: they are not sorted by name, each once"
