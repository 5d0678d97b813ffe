"""`rohe plan`: from a folder of documents to a plan file, offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rohe_iac import __version__
from rohe_iac.blueprint.linked.blueprint import Blueprint, Source
from rohe_iac.blueprint.linked.unsupported import without_effect
from rohe_iac.blueprint.loading import load
from rohe_iac.deployment.files.actions import actions_between
from rohe_iac.deployment.files.planfile import PlanFile, decode
from rohe_iac.deployment.files.record import Record, decode_record, read_record
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder, write_private
from rohe_iac.foundation.quantities import counted
from rohe_iac.foundation.regular_file import read_regular
from rohe_iac.manifests.targets import manifests_of, target_of
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.from_blueprint.write_back import stated
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.sizing.profile import Profile
from rohe_iac.planning.solvers.local_search.outcome import SearchListener, ignore_statistics
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.usecases.plans.plugins import load_plugins
from rohe_iac.usecases.plans.profile import profiles_named


class UnreadableFile(RoheError):
    """A file that was named on the command line cannot be read or written."""

    exit_code = ExitCode.USAGE


Tell = Callable[[str], None]
"""Is called with what is being done, in a few words."""


@dataclass(frozen=True)
class Decided:
    """A plan and what it was made of: the blueprint, the problem it poses, profiles by path, and the files read.

    record: what it was made against.
    """

    blueprint: Blueprint
    problem: Problem
    plugins: Plugins
    plan: Plan
    profiles: Mapping[str, Profile]
    sources: tuple[Source, ...]
    record: Record | None


@dataclass(frozen=True)
class Planned:
    """A plan file, the blueprint it was made of, and the record it was made against."""

    blueprint: Blueprint
    planfile: PlanFile
    record: Record | None


def unheard(_: str) -> None:
    """For whoever does not want to be told what is being done."""


def decide(
    directory: Path,
    stack: str | None = None,
    *,
    against: Path | None = None,
    max_moves: int | None = None,
    tell: Tell = unheard,
    listener: SearchListener = ignore_statistics,
) -> Decided:
    """Loads the blueprint and places every replica, for whoever asks about the plan alone.

    against: a record file to compare with, in place of the one in the state folder. max_moves: how many replicas that
    could stay may move, None: any. tell: is called with each step that begins.
    listener: is called with the statistics of each search that is made for the plan.
    Errors: InvalidBlueprint, InvalidProfile, UnusableModule, UnknownPlugin, FaultyPlugin, UsageError, UnreadablePlan.
    """
    tell("reading the blueprint")
    blueprint = load(directory, stack)
    record = (
        read_record(StackFolder.of(blueprint.project, blueprint.stack.metadata.name))
        if against is None
        else decode_record(read_file(against), str(against))
    )
    profiles, measured = profiles_named(blueprint)
    problem, plugins, modules = load_plugins(problem_of(blueprint, profiles), blueprint.root)
    if profiles:
        blueprint = stated(blueprint, problem)
    if max_moves is not None:
        problem = replace(problem, settings=replace(problem.settings, max_moves=max_moves))
    replicas = sum(demand.replicas for demand in problem.demands)
    tell(f"placing {counted(replicas, 'replica')} on {counted(len(problem.nodes), 'node')}")
    decided = plan(problem, record.planfile.plan if record is not None else None, plugins, listener=listener)
    sources = tuple(sorted((*blueprint.sources, *measured, *modules), key=lambda source: source.path))
    return Decided(blueprint, problem, plugins, decided, profiles, sources, record)


def make_plan(
    directory: Path,
    stack: str | None = None,
    *,
    against: Path | None = None,
    max_moves: int | None = None,
    tell: Tell = unheard,
    listener: SearchListener = ignore_statistics,
) -> Planned:
    """Decides, renders the manifests and compares them with what was applied last. See `decide`."""
    decided = decide(directory, stack, against=against, max_moves=max_moves, tell=tell, listener=listener)
    tell("rendering the manifests")
    blueprint, record = decided.blueprint, decided.record
    manifests = manifests_of(blueprint, decided.plan, decided.profiles)
    planfile = PlanFile(
        tool=__version__,
        project=blueprint.project,
        stack=blueprint.stack.metadata.name,
        target=target_of(blueprint),
        inputs=decided.sources,
        against=record.against if record is not None else None,
        problem=decided.problem,
        plan=decided.plan,
        manifests=manifests,
        actions=actions_between(record.planfile.manifests if record is not None else (), manifests),
        protect=blueprint.stack.spec.protect,
        unsupported=tuple(f"{item.place}: {item.message}" for item in without_effect(blueprint)),
        places=_places(blueprint, decided.plan),
    )
    return Planned(blueprint, planfile, record)


def _places(blueprint: Blueprint, decided: Plan) -> tuple[tuple[str, str], ...]:
    found = {}
    for item in decided.unplaced:
        place = blueprint.places.get(f"service/{item.pipeline}:{item.service}")
        if place is not None:
            found[item.workload] = str(place)
    return tuple(sorted(found.items()))


def read_plan(path: Path) -> PlanFile:
    """The plan file at `path`, every digest verified.

    Errors: UnreadableFile, UnreadablePlan.
    """
    return decode(read_file(path), str(path))


def write_plan(path: Path, planfile: PlanFile) -> None:
    """Writes the plan file for its owner only.

    Errors: UnreadableFile, also where it would be larger than what is read.
    """
    content = planfile.encode()
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            f"the plan has {len(content) >> 20} MiB; a plan file has at most {MAX_BYTES >> 20} MiB",
            hint="apply the stack by its name, or make several stacks of it",
        )
    _write(path, content)


def write_page(path: Path, page: str) -> None:
    """Writes the page of a plan for its owner only.

    Errors: UnreadableFile.
    """
    _write(path, page.encode())


def _write(path: Path, content: bytes) -> None:
    try:
        write_private(path, content)
    except OSError as error:
        raise UnreadableFile(
            f"cannot write {path}: {error.strerror}", hint="name a file in a folder you may write to"
        ) from error


def read_file(path: Path) -> bytes:
    """The bytes of a plan file, or of a record, that a user named.

    Errors: UnreadableFile; also where reading it as JSON would fill the memory.
    """
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror}", hint="check the file's name") from error
    weight = sum(bytes_of_one * content.count(mark) for mark, bytes_of_one in _WEIGHTS)
    if weight > MOST_MEMORY:
        raise UnreadableFile(f"{path} holds more values than any plan does", hint="check the file's name")
    return content


MAX_BYTES = 32 * 2**20
"""The largest plan file that is read; one of 10,000 replicas on 5,000 nodes has a third of it."""


MOST_MEMORY = 250 * 10**6
"""The most that the values of a plan file may take in memory, in bytes, about."""


_WEIGHTS = ((b"{", 240), (b"[", 64), (b",", 100))
"""What a mapping, a list and an item take in memory, by the character that each has."""
