"""Env files: variables as lines NAME=VALUE, read as Docker Compose reads them.

Source: "Env_file format" of the Compose Specification
(https://github.com/compose-spec/compose-spec/blob/main/05-services.md#env_file-format).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rohe_iac.foundation.names import is_variable

_BEGIN = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.\-\[\]]*)[ \t]*(?:([=:])[ \t]*|(?=\n|$))")


_ESCAPE = re.compile(r"\\([abcfnrtv\"\\]|0[0-7]{0,3})")


_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


_END = "-----END "


_BLOCK = re.compile(rf"-----BEGIN [^\n]*\n.*?{_END}[^\n]*(?:\n|$)", re.DOTALL)
"""The lines of a key or certificate."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd about a line, and what becomes of it. Neither quotes a value, which may be a secret."""

    text: str
    effect: str


@dataclass(slots=True)
class EnvFile:
    """The variables of a file.

    Attributes:
        dollar: What is written for a `$` that begins no variable.
        variables: Names and values in order; None where a name stands without a value.
        numbers: The number of the line that each variable begins at.
        oddities: What is odd about its lines, in order.
    """

    dollar: str = "$"
    variables: list[tuple[str, str | None]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)

    def add(self, number: int, name: str, value: str | None) -> None:
        """Adds a variable. number: that of the line."""
        self.variables.append((name, value))
        self.numbers.append(number)


def read_variables(text: str) -> dict[str, str]:
    """Returns the variables of an env file by name, the last of two with one name. Nothing in a value is replaced.

    Raises:
        ValueError: A line is not NAME=VALUE, or has a quote that does not close or text after one that does; the
            message has its number.
    """
    found = read_env_file(text)
    for (name, value), number in zip(found.variables, found.numbers, strict=True):
        if value is None:
            raise ValueError(f"line {number} has no '='")
        if not is_variable(name):
            raise ValueError(f"in line {number}, '{name[:40]}' is not the name of a variable")
    if found.oddities:
        raise ValueError(found.oddities[0].text)
    return {name: value for name, value in found.variables if value is not None}


def read_env_file(text: str, *, raw: bool = False, dollar: str = "$") -> EnvFile:
    """Returns the variables of an env file, and what is odd about its lines.

    `#` begins a comment at the start of a line and after a blank. A value in quotes may have several lines; in double
    quotes backslashes escape, in single quotes all is literal.

    Args:
        text: The text of the file.
        raw: Whether values are taken as they stand, quotes and all (`format: raw`).
        dollar: What is written for a `$` that begins no variable, where variables are replaced afterwards.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = EnvFile(dollar)
    place, number = 0, 1
    last_end = text.rfind(_END)
    while place < len(text):
        end = _end_of_line(text, place)
        line = text[place:end]
        after = end + 1
        if line.strip() and not line.lstrip().startswith("#"):
            if raw:
                _read_raw(line, number, found)
            else:
                after = _read_one(text, place, number, found, last_end)
        number += text.count("\n", place, after)
        place = after
    return found


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _read_raw(line: str, number: int, found: EnvFile) -> None:
    name, sign, value = line.partition("=")
    if _BEGIN.fullmatch(name.strip()) is None:
        found.oddities.append(Oddity(f"line {number} is not NAME=VALUE", "it is left out"))
    else:
        found.add(number, name.strip(), value.replace("$", found.dollar) if sign else None)


def _read_one(text: str, place: int, number: int, found: EnvFile, last_end: int) -> int:
    """Reads the variable that begins at a line, and returns where the next line begins.

    Args:
        text: The text of the file.
        place: Where the line begins.
        number: The number of the line.
        found: What was read so far, added to.
        last_end: Where the last end of a key or certificate is, so that none is searched for behind it.
    """
    end = _end_of_line(text, place)
    match = _BEGIN.match(text, place)
    if match is None or match.end() > end:
        block = _BLOCK.match(text, place) if place < last_end else None
        found.oddities.append(Oddity(f"line {number} is not NAME=VALUE", "it is left out"))
        return block.end() if block is not None else end + 1
    name, sign, begin = match[1], match[2], match.end()
    if sign is None:
        found.add(number, name, None)
        return end + 1
    if sign == ":":
        found.oddities.append(Oddity(f"line {number} is written as NAME: VALUE", "it is read as NAME=VALUE"))
    block = _BLOCK.match(text, begin) if begin < last_end else None
    if block is not None:
        found.oddities.append(
            Oddity(f"the value of {name} at line {number} has several lines without quotes", "all are its value")
        )
        found.add(number, name, block[0].rstrip("\n").replace("$", found.dollar))
        return block.end()
    if text[begin : begin + 1] in ("'", '"'):
        quoted = _quoted(text, begin, found.dollar)
        if quoted is not None:
            value, after = quoted
            found.add(number, name, value)
            end = _end_of_line(text, after)
            rest = text[after:end].strip()
            if rest and not rest.startswith("#"):
                found.oddities.append(
                    Oddity(f"text follows the closing quote of {name} at line {number}", "it is left out")
                )
            return end + 1
        found.oddities.append(
            Oddity(f"the value of {name} at line {number} has no closing quote", "it ends with its line")
        )
    # `NAME=#1` has a value, `NAME= # text` a comment.
    value = re.split(r"\s#", text[match.end(2) : end], maxsplit=1)[0].strip()
    found.add(number, name, value)
    return end + 1


def _quoted(text: str, begin: int, dollar: str) -> tuple[str, int] | None:
    """Returns the value in the quotes that open at `begin`, and the place after them; None where they stay open."""
    quote, place, parts = text[begin], begin + 1, list[str]()
    while place < len(text):
        sign = text[place]
        if sign == quote:
            value = "".join(parts)
            return (value.replace("$", dollar) if quote == "'" else _unescaped(value, dollar)), place + 1
        if sign == "\\" and place + 1 < len(text):
            following = text[place + 1]
            parts.append(following if following == quote and quote == "'" else sign + following)
            place += 2
        else:
            parts.append(sign)
            place += 1
    return None


def _unescaped(value: str, dollar: str) -> str:
    """Returns the value of double quotes with escapes replaced, an escaped `$` by `dollar`."""

    def character(match: re.Match[str]) -> str:
        return _ESCAPED.get(match[1]) or (chr(int(match[1], 8) % 256) if match[1].startswith("0") else match[0])

    return dollar.join(_ESCAPE.sub(character, part) for part in value.split("\\$"))
