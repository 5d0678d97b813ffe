"""`rohe plan`: from a folder of documents to a plan file, offline."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.linked.blueprint import Blueprint, Source
from rohe_iac.blueprint.loading import load
from rohe_iac.deployment.files.planfile import PlanFile, decode
from rohe_iac.deployment.files.record import Record, decode_compared, read_record
from rohe_iac.foundation.diagnostics import Diagnostic
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder, write_private, write_shared
from rohe_iac.foundation.garbage import pause_garbage_collection
from rohe_iac.foundation.json_files.compression import MAGIC, SUFFIX, DamagedCompression, compress, decompress
from rohe_iac.foundation.quantities import counted
from rohe_iac.foundation.regular_file import read_regular
from rohe_iac.manifests.attachments import Attachments, load_attachments
from rohe_iac.planning.from_blueprint.node_counts import with_node_counts
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.from_blueprint.write_back import with_planned_requests
from rohe_iac.planning.model.json_codec import UnreadablePlan
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.sizing.profile import Profile
from rohe_iac.planning.solvers.defragmentation import defragmenting
from rohe_iac.planning.solvers.local_search.outcome import SearchListener, ignore_statistics
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.usecases.plans.missing_programs import missing_programs
from rohe_iac.usecases.plans.plan_file_building import carried_files, planfile_of
from rohe_iac.usecases.plans.plugins import load_plugins
from rohe_iac.usecases.plans.profile import load_profiles
from rohe_iac.usecases.plans.promise_warnings import promise_warnings


class UnreadableFile(RoheError):
    """A file that was named on the command line cannot be read or written."""

    exit_code = ExitCode.USAGE


ReportStep = Callable[[str], None]
"""Takes the name of each step that begins, in a few words."""


@dataclass(frozen=True)
class StackDecision:
    """A plan and what it was made of.

    Attributes:
        blueprint: the documents of the stack.
        problem: the problem that the blueprint poses.
        plugins: the filters, scorers and strategy that the problem names.
        plan: the solution of the problem.
        profiles: the measured profiles that services name, by path.
        sources: the files that were read, by path.
        record: what the plan was made against: what is applied, None where nothing is, or the file that was named.
        attachments: files of the repository that become part of manifests.
    """

    blueprint: Blueprint
    problem: Problem
    plugins: Plugins
    plan: Plan
    profiles: Mapping[str, Profile]
    sources: tuple[Source, ...]
    record: Record | None
    attachments: Attachments


@dataclass(frozen=True)
class PlannedStack:
    """A plan file and what it was made of.

    Attributes:
        blueprint: the documents of the stack.
        planfile: the plan with its manifests and actions.
        record: what the plan was made against: what is applied, None where nothing is, or the file that was named.
        warnings: what the plan needs and this machine lacks, which is no error where it is applied elsewhere; and why
            predicted response times may not hold.
    """

    blueprint: Blueprint
    planfile: PlanFile
    record: Record | None
    warnings: tuple[Diagnostic, ...] = ()


def report_nothing(_: str) -> None:
    """Ignores the steps, for callers that do not show them."""


def decide(
    directory: Path,
    stack: str | None = None,
    *,
    against: Path | None = None,
    max_moves: int | None = None,
    defragment: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
    report: ReportStep = report_nothing,
    listener: SearchListener = ignore_statistics,
) -> StackDecision:
    """Loads the blueprint and places every replica, without manifests and actions.

    Args:
        directory: a folder of the blueprint.
        stack: the name of the stack; None where the blueprint has only one.
        against: a record or plan file to compare with, in place of the record in the state folder.
        max_moves: how many replicas that could stay may move; None for any number.
        defragment: whether replicas move in order to free nodes.
        values: values that take the place of those of the stack, by name.
        report: takes each step that begins.
        listener: takes the statistics of each search that is made for the plan.

    Raises:
        InvalidBlueprint: the blueprint has faults.
        InvalidProfile: a profile that a service names is not one.
        UnusableModule, UnknownPlugin, FaultyPlugin: a filter, scorer or strategy of the stack cannot be used.
        UsageError: there is no such stack.
        UnreadableAttachment: a file that a service mounts, or a template of the repository, cannot be read.
        UnreadablePlan: the record is damaged, or `against` is neither a record nor a plan file.
    """
    report("reading the blueprint")
    blueprint = load(directory, stack, values=values)
    record = (
        read_record(StackFolder.of(blueprint.project, blueprint.stack.metadata.name))
        if against is None
        else decode_compared(read_file(against), str(against))
    )
    profiles, measured = load_profiles(blueprint)
    previous = record.planfile.plan if record is not None else None
    problem = with_node_counts(problem_of(blueprint, profiles), previous)
    problem, plugins, modules = load_plugins(problem, blueprint.root)
    if profiles:
        blueprint = with_planned_requests(blueprint, problem)
    if max_moves is not None:
        problem = replace(problem, settings=replace(problem.settings, max_moves=max_moves))
    if defragment:
        problem, plugins = defragmenting(problem, plugins)
    replicas = sum(demand.replicas for demand in problem.demands)
    report(f"placing {counted(replicas, 'replica')} on {counted(len(problem.nodes), 'node')}")
    solution = plan(problem, previous, plugins, listener=listener)
    attachments, attached = load_attachments(blueprint)
    sources = tuple(sorted({*blueprint.sources, *measured, *modules, *attached}, key=lambda source: source.path))
    return StackDecision(blueprint, problem, plugins, solution, profiles, sources, record, attachments)


@pause_garbage_collection()
def make_plan(
    directory: Path,
    stack: str | None = None,
    *,
    against: Path | None = None,
    max_moves: int | None = None,
    defragment: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
    report: ReportStep = report_nothing,
    listener: SearchListener = ignore_statistics,
) -> PlannedStack:
    """Decides, renders the manifests and compares them with those that were applied last.

    Arguments and exceptions are those of `decide`.
    """
    decision = decide(
        directory,
        stack,
        against=against,
        max_moves=max_moves,
        defragment=defragment,
        values=values,
        report=report,
        listener=listener,
    )
    report("rendering the manifests")
    blueprint, record = decision.blueprint, decision.record
    planfile = planfile_of(
        blueprint, decision.problem, decision.plan, decision.profiles, decision.sources, record, decision.attachments
    )
    planfile = replace(planfile, files=carried_files(blueprint.root, planfile.inputs))
    local = planfile.target == "local"
    missing = missing_programs(blueprint, decision.plan, os.environ) if local else ()
    warnings = (*missing, *promise_warnings(blueprint, decision.problem, decision.plan))
    return PlannedStack(blueprint, planfile, record, warnings)


def read_plan(path: Path) -> PlanFile:
    """Returns the plan file at `path`, with every digest verified.

    Raises:
        UnreadableFile: the file cannot be read.
        UnreadablePlan: the file is no plan file, or was altered.
    """
    return decode(read_file(path), str(path))


def write_plan(path: Path, planfile: PlanFile) -> None:
    """Writes the plan file, readable by its owner only; compressed with gzip where its name ends in `.gz`.

    Raises:
        UnreadableFile: the file cannot be written, or would be larger than MAX_BYTES.
    """
    content = planfile.encode()
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            f"the plan has {len(content) >> 20} MiB; a plan file has at most {MAX_BYTES >> 20} MiB",
            hint="apply the stack by its name, or make several stacks of it",
        )
    _write(path, compress(content) if path.suffix == SUFFIX else content)


def write_page(path: Path, page: str) -> None:
    """Writes the page of a plan, which is there to be shown to others: the umask says who may read it.

    Raises:
        UnreadableFile: the file cannot be written.
    """
    _write(path, page.encode(), write_shared)


def _write(path: Path, content: bytes, write: Callable[[Path, bytes], None] = write_private) -> None:
    try:
        write(path, content)
    except OSError as error:
        raise UnreadableFile(
            f"cannot write {path}: {error.strerror}", hint="name a file in a folder you may write to"
        ).caused_by(error) from error


def read_file(path: Path) -> bytes:
    """Returns the bytes of a plan file, or of a record, that a user named; those inside where it is compressed.

    Raises:
        UnreadableFile: the file cannot be read, has or unpacks to more than MAX_BYTES, or its values would take more
            than MAX_MEMORY.
        UnreadablePlan: the compression of the file is damaged.
    """
    try:
        content = read_regular(path, MAX_BYTES)
        if content.startswith(MAGIC):
            content = decompress(content, MAX_BYTES)
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror}", hint="check the file's name") from error
    except DamagedCompression as error:
        raise UnreadablePlan(
            f"{path} is damaged or was altered", detail=str(error), hint="write it anew with `rohe plan --out FILE.gz`"
        ) from error
    weight = sum(size * content.count(mark) for mark, size in _WEIGHTS)
    if weight > MAX_MEMORY:
        raise UnreadableFile(f"{path} holds more values than any plan does", hint="check the file's name")
    return content


MAX_BYTES = 64 * 2**20
"""The size of the largest plan file that is read, unpacked; a plan of 10,000 replicas has 24 to 40 MiB."""


MAX_MEMORY = 250 * 10**6
"""The most bytes that the values of a plan file may take in memory, approximately."""


_WEIGHTS = ((b"{", 240), (b"[", 64), (b",", 100))
"""Bytes that a mapping, a list and an item take in memory, by the character that each has in JSON."""
