"""Plan files of a blueprint and a plan: the same for plans that are made and for plans that are checked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from rohe_iac import __version__
from rohe_iac.blueprint.documents.discovery import ROOT_FILE
from rohe_iac.blueprint.linked.blueprint import Blueprint, Source
from rohe_iac.deployment.files.actions import actions_between
from rohe_iac.deployment.files.planfile import MAX_CARRIED, PlanFile
from rohe_iac.deployment.files.record import Record
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.attachments import Attachments
from rohe_iac.manifests.by_target import advice_of, manifests_of, target_of, target_settings_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.sizing.profile import Profile


def planfile_of(
    blueprint: Blueprint,
    problem: Problem,
    solution: Plan,
    profiles: Mapping[str, Profile],
    sources: tuple[Source, ...],
    record: Record | None,
    attachments: Attachments,
) -> PlanFile:
    """Renders the plan and puts all that apply needs into one plan file, without the text of its inputs.

    Args:
        blueprint: the blueprint, with the requests that were planned.
        problem: the problem that the blueprint poses.
        solution: the plan of the problem.
        profiles: the measured profiles that services name, by path.
        sources: the files that the plan was made of.
        record: what is applied; None where nothing is.
        attachments: files of the repository that become part of manifests.
    """
    manifests = manifests_of(blueprint, solution, profiles, attachments)
    return PlanFile(
        tool=__version__,
        project=blueprint.project,
        stack=blueprint.stack.metadata.name,
        target=target_of(blueprint),
        inputs=sources,
        against=record.against if record is not None else None,
        problem=problem,
        plan=solution,
        manifests=manifests,
        actions=actions_between(record.planfile.manifests if record is not None else (), manifests),
        protect=blueprint.stack.spec.protect,
        unsupported=tuple(f"{item.place}: {item.message}: {item.hint}" for item in blueprint.unsupported),
        places=_places(blueprint, solution),
        settings=target_settings_of(blueprint),
        advice=advice_of(blueprint, solution),
        values=dict(blueprint.values),
        value_origins=dict(blueprint.value_origins),
        value_texts=blueprint.value_texts,
    )


def carried_files(root: Path, sources: Sequence[Source]) -> tuple[tuple[str, str], ...] | None:
    """Returns the texts that a plan file carries, by path: those of its sources and of rohe.yaml.

    Returns:
        None where they are more than MAX_CARRIED, a file is no UTF-8 text, lies outside the root, or has changed since
        it was read.
    """
    found, size = {}, 0
    for source in (*sources, Source(ROOT_FILE, "")):
        if not lies_below(source.path):
            return None
        try:
            content = (root / source.path).read_bytes()
            found[source.path] = content.decode("utf-8")
        except FileNotFoundError:
            if source.path == ROOT_FILE:
                continue
            return None
        except (OSError, UnicodeDecodeError):
            return None
        size += len(content)
        if size > MAX_CARRIED or (source.sha256 and sha256_hex(content) != source.sha256):
            return None
    return tuple(sorted(found.items()))


def lies_below(path: str) -> bool:
    """Checks whether the path names a file below the folder that it starts from."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path


def _places(blueprint: Blueprint, solution: Plan) -> tuple[tuple[str, str], ...]:
    """Returns where the blueprint has the services of which a replica has no node, by address."""
    found = {}
    for item in solution.unplaced:
        place = blueprint.places.get(f"service/{item.pipeline}:{item.service}")
        if place is not None:
            found[item.workload] = str(place)
    return tuple(sorted(found.items()))
