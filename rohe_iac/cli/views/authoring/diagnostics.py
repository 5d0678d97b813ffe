"""Diagnostics: for people, for programs, for code scanners (SARIF 2.1.0), as annotations of GitHub's workflow log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rohe_iac.foundation.diagnostics import Diagnostic, Severity
from rohe_iac.foundation.quantities import counted

if TYPE_CHECKING:
    from rich.console import Console

    from rohe_iac.blueprint.loading import CheckResult
    from rohe_iac.cli.console import Screen

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}


WINDOW = 100
"""How much of a long line is shown."""


class Face(StrEnum):
    """How diagnostics are shown."""

    human = "human"
    json = "json"
    sarif = "sarif"
    github = "github"


def show_checked(screen: Screen, checked: CheckResult, face: Face) -> None:
    """What `rohe validate` found, on stdout."""
    if face is Face.json:
        screen.print_json({"valid": checked.valid, "documents": checked.kinds, **as_json(checked.diagnostics)})
    elif face is Face.sarif:
        screen.print_json(as_sarif(_from_here(checked)))
    elif face is Face.github:
        sys.stdout.write("".join(f"{line}\n" for line in as_github(_from_here(checked))))
    else:
        show_diagnostics(screen.out, checked.diagnostics)
        counted = ", ".join(f"{count} {kind}" for kind, count in checked.kinds.items()) or "no document"
        verdict = "valid" if checked.valid else "not valid"
        screen.out.print(f"{verdict}: {summary(checked.diagnostics)} in {counted}", markup=False, soft_wrap=True)


def _from_here(checked: CheckResult) -> list[Diagnostic]:
    """With paths as the working folder sees them: scanners and workflows run at the top of a repository."""
    below = os.path.relpath(checked.root)
    if below == "." or below.startswith(".."):
        return list(checked.diagnostics)
    prefix = below.replace(os.sep, "/")
    return [
        replace(item, place=replace(item.place, file=f"{prefix}/{item.place.file}")) for item in checked.diagnostics
    ]


def show_diagnostics(console: Console, diagnostics: Iterable[Diagnostic]) -> None:
    """Each with its place, code, line, caret and hint."""
    if console.color_system is None and not console.record:
        # A thousand of them would keep Rich busy for longer than they took to find, for text that it leaves as it is.
        console.file.write("".join(f"{''.join(text for text, _ in line)}\n" for line in _lines(diagnostics)))
        return
    from rich.text import Text

    for line in _lines(diagnostics):
        console.print(Text.assemble(*line), soft_wrap=True)


def _lines(diagnostics: Iterable[Diagnostic]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Each line as texts with their styles."""
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
    """The excerpt, cut to WINDOW around the column where it is long, and the caret that goes below it."""
    line, column = item.excerpt, item.place.column - 1 - item.cut
    if item.cut or (len(line) > WINDOW and column > WINDOW // 2):
        cut = max(0, column - WINDOW // 2)
        line, column = "..." + line[cut:], column - cut + 3
    line = printable(line.replace("\t", " "))
    return line[: WINDOW + 20], " " * _cells(line[:column]) + "^"


def _cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def printable(text: str) -> str:
    """The text with everything replaced that could move a terminal's cursor or change its colours."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning, 300 more not shown`."""
    told = [item for item in diagnostics if not item.more]
    counts = {severity: sum(item.severity is severity for item in told) for severity in Severity}
    words = [counted(count, severity.value) for severity, count in counts.items() if count]
    more = not_shown(diagnostics)
    return ", ".join([*words, *([f"{more:,} more not shown"] if more else [])]) or "no faults"


def not_shown(diagnostics: Iterable[Diagnostic]) -> int:
    """How many faults were found beyond those that are told."""
    return sum(item.more for item in diagnostics)


def as_json(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """Counts and every diagnostic as JSON values."""
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
                "excerpt": item.excerpt,
            }
            for item in diagnostics
        ],
    }


def as_sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """A SARIF 2.1.0 log (OASIS standard) with one run."""
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
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notified(diagnostics)}],
            }
        ],
    }


def _notified(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """What a scanner's page would not tell by its results: that there are more."""
    more = not_shown(diagnostics)
    if not more:
        return []
    text = f"{more:,} more faults were found and are not among the results"
    return [{"descriptor": {"id": "R133"}, "level": "warning", "message": {"text": text}}]


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def as_github(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """One workflow command a diagnostic, which GitHub shows beside the line."""
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
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text.replace(character, code)
    return text
