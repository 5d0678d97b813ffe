"""What is wrong in the profiles that services name: read where they are named, told where they are written."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rohe_iac.blueprint.documents.discovery import read_file
from rohe_iac.blueprint.documents.tree import Tree, models, told_of_excess, told_of_text
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.profile import ProfileForm
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.validation.validate import faults_of

MOST_PROFILES = 1_000
"""So many profiles are read in one run."""


_HINT = "a profile begins with `profile: 1`; `rohe profile` writes it"


def check_profiles(tree: Tree) -> None:
    """Tells every fault of every profile that a pipeline names; those that are not there are told by the pipeline."""
    known: set[str] = set()
    for document, pipeline in models(tree.documents, Pipeline):
        for path, name in _named(pipeline):
            name = os.path.normpath(name)
            if name in known or name.startswith(("..", "/")) or "\0" in name or not os.path.isfile(tree.root / name):
                continue
            if len(known) >= MOST_PROFILES or tree.room() == 0:
                message = "the profiles from here on are not looked at: there are so many, or so many faults, before"
                tree.findings.append(warning(document, path, "R133", message, "check fewer services at once"))
                return
            known.add(name)
            _check(tree, name)


def _named(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    for index, service in enumerate(pipeline.spec.services):
        at: Path = ("spec", "services", index)
        if service.profile is not None:
            yield (*at, "profile"), service.profile
        for place, variant in enumerate(service.variants):
            if variant.profile is not None:
                yield (*at, "variants", place, "profile"), variant.profile
        for place, member in enumerate(service.ensemble.members if service.ensemble is not None else ()):
            if member.profile is not None:
                yield (*at, "ensemble", "members", place, "profile"), member.profile


def _check(tree: Tree, name: str) -> None:
    file = read_file(tree.root, tree.root / name)
    tree.diagnostics += file.faults
    if file.source is None:
        return
    text = file.source.parsed
    tree.diagnostics += told_of_text(file.source, text.file)
    if text.excess is not None:
        tree.diagnostics += told_of_excess(file.source)
        return
    for index, parsed in enumerate(text.documents):
        document = Document(file.source, index, parsed.value, kind="profile", allowance=tree.allowance)
        tree.diagnostics += told_of_text(file.source, parsed, document)
        if not parsed.whole:
            continue
        if index > 0:
            tree.findings.append(Finding(document, (), "R236", "a second document in the file of a profile", _HINT))
        elif not isinstance(parsed.value, dict) or "profile" not in parsed.value:
            tree.findings.append(Finding(document, (), "R236", "this is not a profile", _HINT))
        else:
            tree.findings += faults_of(document, ProfileForm)
