"""From plain values to a model, with every fault as a finding; valid parts go on without the faulty ones."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.remainder import UNNAMED, Remainder
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.fields import fields_at
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.validation.describing import error_findings
from rohe_iac.blueprint.validation.following import Followed, follow, put
from rohe_iac.blueprint.validation.lookup import value_at
from rohe_iac.blueprint.validation.named_items import list_named_items
from rohe_iac.blueprint.validation.stand_ins import stand_in

MAX_FAULTS = 200
"""The most faults of one document that are reported."""


MAX_ERRORS = 5_000
"""The most errors of one document that Pydantic describes; of more, only some are found anew."""


ROUNDS = 12
"""How often faulty parts are removed before the document is given up."""

_CHOICES = ("R116", "R121", "R123")
"""Codes that none of several fields exists; a field of an unknown name may stand for one of them."""


def validate(document: Document, room: int = MAX_FAULTS) -> list[Finding]:
    """Sets `document.model` and returns every fault of the document's own.

    Where parts are faulty the model is made of the remainder, so that links can be checked all the same; the names of
    removed parts are kept as `broken_names`. The model stays None where nothing useful is left.

    Args:
        document: A document with a kind.
        room: The most faults to describe; more than MAX_FAULTS never are.
    """
    model = KINDS[document.kind]
    list_named_items(document)
    try:
        document.model = _build_model(model, document.value, document)
    except ValidationError as error:
        if room <= 0:
            return [_more_finding(document, error.error_count())]
        count, errors = _described_errors(error)
    else:
        return []
    if not errors:
        errors = _first_errors(model, document.value)
        count = max(count, MAX_FAULTS + 1)
    findings: list[Finding] = []
    remainder = Remainder(document.value)
    tried: set[Path] = set()
    for attempt in range(ROUNDS):
        if count > MAX_FAULTS:
            groups = [
                error_findings(document, _document_path(remainder.value, error_details["loc"]), model, error_details)
                for error_details in errors[:MAX_FAULTS]
            ]
            return [
                *(finding for group in groups for finding in group),
                _more_finding(document, count - min(len(errors), MAX_FAULTS)),
            ]
        reported_errors = [error_details for error_details in errors if not _is_echo(error_details, errors)]
        # Unknown fields first: one of them may be the missing field under another name.
        reported_errors.sort(key=lambda error_details: error_details["type"] != "extra_forbidden")
        targets: list[Path] = []
        surplus: set[Path] = set()
        follow_ups: dict[Path, Followed] = {}
        for error_details in reported_errors:
            location, context = error_details["loc"], error_details.get("ctx", {})
            path = _document_path(remainder.value, location)
            at = (*path, *context.get("at", ()))
            absent = error_details["type"] == "missing" and isinstance(location[-1], str)
            if at in follow_ups or (absent and any(item.new_path[: len(path)] == path for item in follow_ups.values())):
                continue
            # An error that only follows from removing a part is no fault of the text.
            fields = context.get("of")
            lost = remainder.has_changed(path, fields) if fields else remainder.lost_below(path)
            found = error_findings(document, remainder.original(path), model, error_details)
            followed = _followed(found, at, remainder, model, error_details) if not absent else None
            lacking = (location[-1],) if absent else (context["lacking"],) if context.get("lacking") else ()
            substitute = (
                stand_in(model, (*location, *lacking[: not absent]), error_details["input"]) if lacking else None
            )
            if followed is not None and remainder.original(at) not in tried:
                follow_ups[at] = followed
            elif substitute is None or not remainder.substitute((*at, *lacking[: not absent]), substitute):
                targets.append(path[:-1] if absent else at)
            if context.get("surplus") or (
                error_details["type"] == "extra_forbidden" and not _similar_field(model, location)
            ):
                surplus.add(at)
            follows = attempt and (lost or (error_details["type"] in _CHOICES and remainder.was_surplus(path)))
            if not follows and not (absent and remainder.was_removed(path)):
                findings += found
        for at, followed in follow_ups.items():
            tried.add(remainder.original(at))
            if not put(document, remainder, followed):
                targets.append(at)
        if targets and not remainder.remove(targets, frozenset(surplus)):
            break
        try:
            document.model = _build_model(model, remainder.value, document)
            break
        except ValidationError as error:
            count, errors = _described_errors(error)
    document.broken_names, document.remainder = frozenset(remainder.names), remainder
    document.has_unknown_names = document.has_unknown_names or remainder.has_unnamed
    metadata = value_at(remainder.value, ("metadata", "name"))
    if document.model is not None and isinstance(metadata, str) and metadata != UNNAMED:
        document.name = metadata
    return list(dict.fromkeys(findings))


def _followed(
    found: list[Finding], path: Path, remainder: Remainder, model: type[Model], error: ErrorDetails
) -> Followed | None:
    """Returns what the hint of an error makes of the value at `path`; None where the hint is not sure."""
    if len(found) != 1 or not path:
        return None
    value = value_at(remainder.value, path)
    location = error["loc"]
    return follow(found[0], path, value, fields_at(model, location), fields_at(model, (*location, 0)))


def _described_errors(error: ValidationError) -> tuple[int, list[ErrorDetails]]:
    """Returns the number of errors and their details; no details where there are too many."""
    count = error.error_count()
    return count, error.errors(include_url=False) if count <= MAX_ERRORS else []


def _build_model(model: type[Model], value: Any, document: Document | None = None) -> Model:
    # In YAML a field has only its alias; the names of attributes are for code.
    return model.model_validate(value, context=document.allowance if document else None, by_alias=True, by_name=False)


def form_findings(document: Document, model: type[Model]) -> list[Finding]:
    """Returns every fault of a document outside the language, which has the form of `model`; sets nothing."""
    try:
        _build_model(model, document.value)
    except ValidationError as error:
        count, errors = _described_errors(error)
    else:
        return []
    own_errors = [
        error_details
        for error_details in errors or _first_errors(model, document.value)
        if not _is_echo(error_details, errors)
    ][:MAX_FAULTS]
    findings = [
        finding
        for error_details in own_errors
        for finding in error_findings(
            document, _document_path(document.value, error_details["loc"]), model, error_details
        )
    ]
    return [*dict.fromkeys(findings), *([_more_finding(document, count - MAX_FAULTS)] if count > MAX_FAULTS else [])]


def _first_errors(model: type[Model], value: Any) -> list[ErrorDetails]:
    """Returns some of very many errors, found with the lists of the value cut: all of them would not fit in memory."""
    errors: list[ErrorDetails] = []
    for items in (12, 50, 200, 800, 3_200, 12_800, 51_200, 204_800):
        try:
            _build_model(model, _shorten_lists(value, items))
        except ValidationError as error:
            if error.error_count() <= MAX_ERRORS or not errors:
                errors = error.errors(include_url=False)[:MAX_ERRORS]
            if len(errors) >= MAX_FAULTS:
                break
    return errors


def _shorten_lists(value: Any, items: int) -> Any:
    if isinstance(value, dict):
        return {key: _shorten_lists(part, items) for key, part in islice(value.items(), items)}
    if isinstance(value, list):
        return [_shorten_lists(part, items) for part in islice(value, items)]
    return value


def _more_finding(document: Document, count: int) -> Finding:
    message = f"{count:,} more faults in this {document.kind} are not shown"
    return Finding(document, (), "R133", message, more=count)


def _is_echo(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    # Pydantic also reports a list with faulty items as too short.
    depth = len(error["loc"])
    return error["type"] == "too_short" and any(
        other["loc"][:depth] == error["loc"] and len(other["loc"]) > depth for other in errors
    )


def _document_path(value: Any, location: tuple[str | int, ...]) -> Path:
    """Returns `location` without the steps that name a branch of a union rather than a key."""
    path: list[str | int] = []
    for index, step in enumerate(location):
        if isinstance(step, str) and (step.startswith("<") or step == "[key]"):
            continue
        last = index == len(location) - 1
        if isinstance(value, dict):
            if step not in value and not last:
                continue
            value = value.get(step)
        elif isinstance(value, list | tuple):
            if not isinstance(step, int) or step >= len(value):
                continue
            value = value[step]
        else:
            continue
        path.append(step)
    return tuple(path)


def _similar_field(model: type[Model], location: tuple[str | int, ...]) -> str:
    return nearest(str(location[-1]), sorted(fields_at(model, location[:-1])))
