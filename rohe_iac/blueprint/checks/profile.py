"""Checks of the profiles that services name; faults are reported at their place in the profile."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rohe_iac.blueprint.documents.discovery import read_file
from rohe_iac.blueprint.documents.tree import Tree, documents_with_model, excess_diagnostics, text_diagnostics
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.profile import ProfileForm
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.validation.validate import form_findings

MAX_PROFILES = 1_000
"""The most profiles that are read in one run."""


_HINT = "a profile begins with `profile: 1`; `rohe profile` writes it"


def check_profiles(tree: Tree) -> None:
    """Adds every fault of every profile that a pipeline names; a missing profile is for the pipeline's check."""
    names_read: set[str] = set()
    for document, pipeline in documents_with_model(tree.documents, Pipeline):
        for path, name in _profile_names(pipeline):
            name = os.path.normpath(name)
            if (
                name in names_read
                or name.startswith(("..", "/"))
                or "\0" in name
                or not os.path.isfile(tree.root / name)
            ):
                continue
            if len(names_read) >= MAX_PROFILES or tree.findings_left() == 0:
                message = "the profiles from here on are not looked at: there are so many, or so many faults, before"
                tree.findings.append(warning(document, path, "R133", message, "check fewer services at once"))
                return
            names_read.add(name)
            _check_profile(tree, name)


def _profile_names(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    for index, service in enumerate(pipeline.spec.services):
        base: Path = ("spec", "services", index)
        if service.profile is not None:
            yield (*base, "profile"), service.profile
        for part_index, variant in enumerate(service.variants):
            if variant.profile is not None:
                yield (*base, "variants", part_index, "profile"), variant.profile
        for part_index, member in enumerate(service.ensemble.members if service.ensemble is not None else ()):
            if member.profile is not None:
                yield (*base, "ensemble", "members", part_index, "profile"), member.profile


def _check_profile(tree: Tree, name: str) -> None:
    file = read_file(tree.root, tree.root / name)
    tree.diagnostics += file.faults
    if file.source is None:
        return
    text = file.source.parsed
    tree.diagnostics += text_diagnostics(file.source, text.file)
    if text.excess is not None:
        tree.diagnostics += excess_diagnostics(file.source)
        return
    for index, parsed in enumerate(text.documents):
        document = Document(file.source, index, parsed.value, kind="profile", allowance=tree.allowance)
        tree.diagnostics += text_diagnostics(file.source, parsed, document)
        if not parsed.whole:
            continue
        if index > 0:
            tree.findings.append(Finding(document, (), "R236", "a second document in the file of a profile", _HINT))
        elif not isinstance(parsed.value, dict) or "profile" not in parsed.value:
            tree.findings.append(Finding(document, (), "R236", "this is not a profile", _HINT))
        else:
            tree.findings += form_findings(document, ProfileForm)
