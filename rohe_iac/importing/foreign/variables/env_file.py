"""Reads files of variables, such as `.env` and those of `env_file`, as Docker Compose reads them.

Source: "Env_file format" of the Compose Specification
(https://github.com/compose-spec/compose-spec/blob/main/05-services.md#env_file-format).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BEGIN = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.\-\[\]]*)[ \t]*(?:([=:])[ \t]*|(?=\n|$))")


_ESCAPE = re.compile(r"\\([abcfnrtv\"\\]|0[0-7]{0,3})")


_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


_BLOCK = re.compile(r"-----BEGIN [^\n]*\n.*?-----END [^\n]*(?:\n|$)", re.DOTALL)
"""The lines of a key or certificate."""


@dataclass(slots=True)
class VariablesFile:
    """The variables of a file, and what is odd about its lines.

    Attributes:
        variables: Names and values in order, with `$$` for a `$` that begins no variable; None where a name stands
            without a value, which is then taken from the environment.
        remarks: What the user should know. No remark quotes a line, which may hold a secret.
    """

    variables: list[tuple[str, str | None]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_variables(text: str, *, raw: bool = False) -> VariablesFile:
    """Returns the variables of a text.

    `#` begins a comment at the start of a line and after a blank. A value in quotes may have several lines; in double
    quotes backslashes escape, in single quotes all is literal.

    Args:
        text: The text of the file.
        raw: Whether values are taken as they stand, quotes and all (`format: raw`).
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = VariablesFile()
    place = 0
    while place < len(text):
        end = _end_of_line(text, place)
        line = text[place:end]
        if not line.strip() or line.lstrip().startswith("#"):
            place = end + 1
        elif raw:
            _read_raw(line, text.count("\n", 0, place) + 1, found)
            place = end + 1
        else:
            place = _read_one(text, place, text.count("\n", 0, place) + 1, found)
    return found


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _read_raw(line: str, number: int, found: VariablesFile) -> None:
    name, sign, value = line.partition("=")
    if _BEGIN.fullmatch(name.strip()) is None:
        found.remarks.append(f"line {number} is not NAME=VALUE and is left out")
    else:
        found.variables.append((name.strip(), value.replace("$", "$$") if sign else None))


def _read_one(text: str, place: int, number: int, found: VariablesFile) -> int:
    """Reads the variable that begins at a line, and returns where the next line begins."""
    end = _end_of_line(text, place)
    match = _BEGIN.match(text, place)
    if match is None or match.end() > end:
        block = _BLOCK.match(text, place)
        found.remarks.append(f"line {number} is not NAME=VALUE and is left out")
        return block.end() if block is not None else end + 1
    name, sign, begin = match[1], match[2], match.end()
    if sign is None:
        found.variables.append((name, None))
        return end + 1
    if sign == ":":
        found.remarks.append(f"line {number} is written as NAME: VALUE, which is read as NAME=VALUE")
    block = _BLOCK.match(text, begin)
    if block is not None:
        found.remarks.append(
            f"the value of {name} at line {number} has several lines without quotes: all are its value"
        )
        found.variables.append((name, block[0].rstrip("\n").replace("$", "$$")))
        return block.end()
    if text[begin : begin + 1] in ("'", '"'):
        quoted = _quoted(text, begin)
        if quoted is not None:
            value, after = quoted
            found.variables.append((name, value))
            end = _end_of_line(text, after)
            rest = text[after:end].strip()
            if rest and not rest.startswith("#"):
                found.remarks.append(f"what follows the closing quote of {name} at line {number} is left out")
            return end + 1
        found.remarks.append(f"the value of {name} at line {number} has no closing quote: it ends with its line")
    # `NAME=#1` has a value, `NAME= # text` a comment.
    value = re.split(r"\s#", text[match.end(2) : end], maxsplit=1)[0].strip()
    found.variables.append((name, value))
    return end + 1


def _quoted(text: str, begin: int) -> tuple[str, int] | None:
    """Returns the value in the quotes that open at `begin`, and the place after them; None where they stay open."""
    quote, place, parts = text[begin], begin + 1, list[str]()
    while place < len(text):
        sign = text[place]
        if sign == quote:
            value = "".join(parts)
            return (value.replace("$", "$$") if quote == "'" else _unescaped(value)), place + 1
        if sign == "\\" and place + 1 < len(text):
            following = text[place + 1]
            parts.append(following if following == quote and quote == "'" else sign + following)
            place += 2
        else:
            parts.append(sign)
            place += 1
    return None


def _unescaped(value: str) -> str:
    """Returns the value of double quotes with escapes replaced; an escaped `$` becomes `$$`, which is one `$`."""

    def character(match: re.Match[str]) -> str:
        return _ESCAPED.get(match[1]) or (chr(int(match[1], 8) % 256) if match[1].startswith("0") else match[0])

    return "$$".join(_ESCAPE.sub(character, part) for part in value.split("\\$"))
