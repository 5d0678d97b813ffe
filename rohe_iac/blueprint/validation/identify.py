"""Which documents are meant for rohe, and the kind of each."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.hints.foreign_terms import VALUES
from rohe_iac.blueprint.hints.nearest import did_you_mean, nearest
from rohe_iac.blueprint.hints.value_text import describe_value
from rohe_iac.blueprint.hints.writing import quoted_text
from rohe_iac.blueprint.language.kinds import API_VERSION, KINDS
from rohe_iac.foundation.diagnostics import Severity


def identify(document: Document) -> list[Finding]:
    """Sets kind and name of a document of rohe; returns what is wrong where it was only meant to be one."""
    value = document.value
    if value is None:
        return []
    if not isinstance(value, dict):
        if document.source.ours:
            hint = "begin each line with a field, a colon and a blank, as in kind: Pipeline"
            hint = "begin it with apiVersion, without a dash" if isinstance(value, list) else hint
            return [Finding(document, (), "R101", f"a document is a mapping, found {describe_value(value)}", hint)]
        return _skip_note(document, f"this is {describe_value(value)}")
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    document.name = name if isinstance(name, str) else ""
    found, fields = _check_version(document, value)
    if fields is None:
        return found
    document.allowance.guesses -= len(KINDS)
    kind = fields.get("kind")
    if kind is None:
        return [*found, Finding(document, (), "R107", "field 'kind' is missing", f"one of: {', '.join(KINDS)}")]
    if not isinstance(kind, str) or kind not in KINDS:
        found.append(_unknown_kind_finding(document, kind))
        guessing = isinstance(kind, str) and document.allowance.guesses > 0
        kind = (VALUES.get(kind) or nearest(kind, KINDS)) if guessing else ""
    document.kind = kind
    if found and kind:
        # The document is read as what it was meant to be, so that all of its faults are reported at once.
        document.value = {**fields, "apiVersion": API_VERSION, "kind": kind}
    return found


def _check_version(document: Document, value: dict[str, Any]) -> tuple[list[Finding], dict[str, Any] | None]:
    """Returns what is wrong with the version, and the document's fields where they can still be read as ours."""
    version, kind = value.get("apiVersion"), value.get("kind")
    if version is None:
        similar = nearest("apiVersion", (key for key in value if value[key] == API_VERSION)) or next(
            (key for key in value if value[key] == API_VERSION), ""
        )
        if similar:
            hint = "did you mean 'apiVersion'?"
            finding = Finding(document, (similar,), "R106", f"unknown field '{similar}'", hint, on_key=True)
            return [finding], {key: value[key] for key in value if key != similar}
        if isinstance(kind, str) and kind in KINDS:
            hint = f"begin it with apiVersion: {API_VERSION}"
            return [Finding(document, (), "R102", f"the {kind} has no apiVersion", hint)], value
        return _skip_note(document, "there is no apiVersion"), None
    if not isinstance(version, str) or not version.startswith("rohe.dev/"):
        if isinstance(version, str) and (nearest(version, (API_VERSION,)) or version.startswith("rohe")):
            hint = f"did you mean '{API_VERSION}'?"
            return [Finding(document, ("apiVersion",), "R103", f"'{version}' is not read", hint)], value
        message = f"skipped: apiVersion {describe_value(version)} is not one of rohe's"
        hint = f"if it is meant for rohe, begin it with apiVersion: {API_VERSION}" if kind in tuple(KINDS) else ""
        return [Finding(document, ("apiVersion",), "R105", message, hint, severity=Severity.NOTE)], None
    if version != API_VERSION:
        # Another version may have other fields, so nothing more is checked.
        message = f"apiVersion '{version[:40]}' is not known"
        return [Finding(document, ("apiVersion",), "R103", message, f"use {API_VERSION}")], None
    return [], value


def _skip_note(document: Document, why: str) -> list[Finding]:
    # Only in the blueprint's own folder; elsewhere most YAML files are for other tools.
    if not document.source.name.startswith("blueprints/"):
        return []
    hint = f"if it is meant for rohe, begin it with apiVersion: {API_VERSION}"
    return [Finding(document, (), "R105", f"skipped: {why}", hint, severity=Severity.NOTE)]


def _unknown_kind_finding(document: Document, kind: object) -> Finding:
    if isinstance(kind, str) and kind in VALUES:
        hint = f"did you mean {quoted_text(VALUES[kind])}?"
    elif isinstance(kind, str) and document.allowance.guesses > 0:
        hint = did_you_mean(kind, KINDS)
    else:
        hint = f"one of: {', '.join(KINDS)}"
    return Finding(document, ("kind",), "R104", f"unknown kind {describe_value(kind)}", hint)
