"""How diagnostics look: to people, programs, code scanners (SARIF 2.1.0) and in the log of a GitHub workflow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rohe_iac.foundation.diagnostics import Diagnostic, Severity, TextEdit
from rohe_iac.foundation.quantities import counted

if TYPE_CHECKING:
    from rich.console import Console

    from rohe_iac.blueprint.loading import CheckResult
    from rohe_iac.cli.console import Screen

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
"""The style of each severity."""

WINDOW = 100
"""Characters of a long line that are shown."""


class DiagnosticsOutput(StrEnum):
    """The forms in which diagnostics are printed."""

    human = "human"
    json = "json"
    sarif = "sarif"
    github = "github"


def show_checked(screen: Screen, checked: CheckResult, output: DiagnosticsOutput) -> None:
    """Prints what `rohe validate` found on stdout."""
    if output is DiagnosticsOutput.json:
        screen.print_json(
            {"valid": checked.valid, "documents": checked.kinds, **as_json(checked.diagnostics)}, "diagnostics"
        )
    elif output is DiagnosticsOutput.sarif:
        screen.print_json(as_sarif(_from_here(checked)))
    elif output is DiagnosticsOutput.github:
        sys.stdout.write("".join(f"{line}\n" for line in as_github(_from_here(checked))))
    else:
        show_diagnostics(screen.out, checked.diagnostics)
        documents = ", ".join(f"{count} {kind}" for kind, count in checked.kinds.items()) or "no document"
        verdict = "valid" if checked.valid else "not valid"
        screen.out.print(f"{verdict}: {summary(checked.diagnostics)} in {documents}", markup=False)


def _from_here(checked: CheckResult) -> list[Diagnostic]:
    """Returns the diagnostics with paths relative to the working folder, as scanners of a repository need them."""
    below = os.path.relpath(checked.root)
    if below == "." or below.startswith(".."):
        return list(checked.diagnostics)
    prefix = below.replace(os.sep, "/")
    return [
        replace(item, place=replace(item.place, file=f"{prefix}/{item.place.file}")) for item in checked.diagnostics
    ]


def show_diagnostics(console: Console, diagnostics: Iterable[Diagnostic]) -> None:
    """Prints each diagnostic with its place, code, line, caret and hint."""
    if not console.is_terminal and not console.record:
        # Rich would take longer for a thousand plain diagnostics than the checks took that found them.
        console.file.write("".join(f"{''.join(text for text, _ in line)}\n" for line in _lines(diagnostics)))
        return
    from rich.text import Text

    for line in _lines(diagnostics):
        # The line of the file and the caret below it belong together: only what is said of them is wrapped.
        quoted = line[0][0].lstrip(" 0123456789").startswith("| ")
        console.print(Text.assemble(*line), soft_wrap=quoted)


def _lines(diagnostics: Iterable[Diagnostic]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yields each line as texts with their styles."""
    for item in diagnostics:
        colour = _COLOURS[item.severity]
        place, code = printable(f"{item.place}: "), f"{item.severity.value} {item.code}: "
        yield (place, "bold"), (code, colour), (printable(item.message), "")
        if item.excerpt.strip():
            excerpt, pointer = pointed(item)
            number = str(item.place.line)
            yield ((f" {number} | {excerpt}", ""),)
            yield (f" {'':{len(number)}} | ", ""), (pointer, colour)
        if item.hint:
            yield ("   hint: ", "cyan"), (printable(item.hint), "")


def pointed(item: Diagnostic) -> tuple[str, str]:
    """Returns the excerpt, cut to WINDOW around the column where it is long, and the caret below it."""
    line, column = item.excerpt, item.place.column - 1 - item.cut
    if item.cut or (len(line) > WINDOW and column > WINDOW // 2):
        cut = max(0, column - WINDOW // 2)
        line, column = "..." + line[cut:], column - cut + 3
    line = printable(line.replace("\t", " "))
    return line[: WINDOW + 20], " " * _cells(line[:column]) + "^"


def _cells(text: str) -> int:
    """Returns how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def printable(text: str) -> str:
    """Returns the text with every character replaced that could move a terminal's cursor or change its colours."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Returns how many diagnostics there are of each severity: `2 errors, 1 warning, 300 more not shown`."""
    shown = [item for item in diagnostics if not item.more]
    counts = {severity: sum(item.severity is severity for item in shown) for severity in Severity}
    words = [counted(count, severity.value) for severity, count in counts.items() if count]
    more = not_shown(diagnostics)
    return ", ".join([*words, *([f"{more:,} more not shown"] if more else [])]) or "no faults"


def not_shown(diagnostics: Iterable[Diagnostic]) -> int:
    """Returns how many faults were found beyond those that are shown."""
    return sum(item.more for item in diagnostics)


def as_json(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """Returns the counts and every diagnostic as JSON values."""
    return {
        "errors": sum(item.severity is Severity.ERROR for item in diagnostics),
        "warnings": sum(item.severity is Severity.WARNING for item in diagnostics),
        "notes": sum(item.severity is Severity.NOTE for item in diagnostics),
        "notShown": not_shown(diagnostics),
        "diagnostics": [
            {
                "file": item.place.file,
                "line": item.place.line,
                "column": item.place.column,
                "severity": item.severity.value,
                "code": item.code,
                "message": item.message,
                "hint": item.hint,
                "fix": _edit_json(item.fix) if item.fix is not None else None,
                "excerpt": item.excerpt,
            }
            for item in diagnostics
        ],
    }


def _edit_json(edit: TextEdit) -> dict[str, Any]:
    return {
        "line": edit.line,
        "column": edit.column,
        "endLine": edit.end_line,
        "endColumn": edit.end_column,
        "text": edit.text,
    }


def _sarif_fix(item: Diagnostic, edit: TextEdit) -> dict[str, Any]:
    deleted = {
        "startLine": edit.line,
        "startColumn": edit.column,
        "endLine": edit.end_line,
        "endColumn": edit.end_column,
    }
    location = {"uri": _uri(item.place.file), "uriBaseId": "SRCROOT"}
    replacement = {"deletedRegion": deleted, "insertedContent": {"text": edit.text}}
    return {
        "description": {"text": item.hint},
        "artifactChanges": [{"artifactLocation": location, "replacements": [replacement]}],
    }


def as_sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """Returns a SARIF 2.1.0 log (OASIS standard) with one run."""
    from rohe_iac import __version__
    from rohe_iac.blueprint.findings.codes import CODES

    codes = sorted({item.code for item in diagnostics})
    rules = [
        {
            "id": code,
            "name": CODES[code].slug,
            "shortDescription": {"text": CODES[code].title},
            "help": {"text": f"docs/diagnostics/{code}.md"},
        }
        for code in codes
    ]
    results = [
        {
            "ruleId": item.code,
            "ruleIndex": codes.index(item.code),
            "level": item.severity.value,
            "message": {"text": f"{item.message} ({item.hint})" if item.hint else item.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(item.place.file), "uriBaseId": "SRCROOT"},
                        "region": {"startLine": item.place.line, "startColumn": item.place.column},
                    }
                }
            ],
            **({"fixes": [_sarif_fix(item, item.fix)]} if item.fix is not None else {}),
        }
        for item in diagnostics
    ]
    driver = {"name": "rohe", "version": __version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": results,
                "invocations": [
                    {"executionSuccessful": True, "toolExecutionNotifications": _notifications(diagnostics)}
                ],
            }
        ],
    }


def _notifications(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Returns a notification where more faults were found than there are results."""
    more = not_shown(diagnostics)
    if not more:
        return []
    text = f"{more:,} more faults were found and are not among the results"
    return [{"descriptor": {"id": "R133"}, "level": "warning", "message": {"text": text}}]


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def as_github(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """Returns a workflow command for each diagnostic, which GitHub shows beside the line."""
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
    lines = []
    for item in diagnostics:
        text = f"{item.message} ({item.hint})" if item.hint else item.message
        place = f"file={_escaped(item.place.file)},line={item.place.line},col={item.place.column}"
        message = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f"::{words[item.severity]} {place},title={item.code}::{message}")
    if more := not_shown(diagnostics):
        lines.append(f"::notice title=R133::{more:,} more faults were found and are not shown")
    return lines


def _escaped(text: str) -> str:
    """Returns a text as the property of a workflow command."""
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(character, code)
    return text
