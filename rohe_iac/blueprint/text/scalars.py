"""The value of a plain scalar by the YAML 1.2 core schema (YAML 1.2.2, chapter 10.3), and where YAML 1.1 differs."""

from __future__ import annotations

import re

NUMBER_LENGTH = 100
"""The longest number, in characters; longer ones are no measurement of anything and cost quadratic time to read."""

CORE_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
"""The tags of the core schema."""

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = frozenset((".nan", ".NaN", ".NAN"))
_NUMERIC_START = frozenset("0123456789+-.")
_WORD_START = frozenset("~nNtTfFyYoO")
_LONGEST_WORD = len("false")

_OLD_BOOLEANS = re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF")
_OLD_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_OLD_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_OLD_UNDERSCORES = re.compile(r"[-+]?[1-9][0-9]*(?:_[0-9]+)+")
_OLD_BINARY = re.compile(r"[-+]?0b[01_]+")


class NumberTooLong(ValueError):
    """A number has more than NUMBER_LENGTH characters."""


def is_surely_text(text: str) -> bool:
    """Checks whether first character and length alone show that a plain scalar is text by YAML 1.1 and 1.2."""
    return text != "" and text[0] not in _NUMERIC_START and (len(text) > _LONGEST_WORD or text[0] not in _WORD_START)


def resolve(text: str) -> object:
    """Returns the value of a plain scalar: None, bool, int, float or the text itself.

    Raises:
        NumberTooLong: The text is a number of too many characters.
    """
    if text in _NULLS:
        return None
    if text[0] in _NUMERIC_START:
        return _number(text)
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return text


def _number(text: str) -> object:
    if _INTEGER.fullmatch(text):
        return int(_check_length(text))
    if _FLOAT.fullmatch(text):
        return float(_check_length(text))
    if text.startswith("0o") and _OCTAL.fullmatch(text):
        return int(_check_length(text), 8)
    if text.startswith("0x") and _HEXADECIMAL.fullmatch(text):
        return int(_check_length(text), 16)
    if _INFINITY.fullmatch(text):
        return float(text.replace(".", "").lower())
    if text in _NAN:
        return float("nan")
    return text


def _check_length(text: str) -> str:
    if len(text) > NUMBER_LENGTH:
        raise NumberTooLong(f"a number of {len(text)} characters; at most {NUMBER_LENGTH} are read")
    return text


def tagged_scalar(tag: str, text: str) -> object:
    """Returns the value of a scalar with an explicit core tag.

    Raises:
        ValueError: The tag is another one, or the text is not of the tag's type.
    """
    if tag in ("tag:yaml.org,2002:str", "!"):
        return text
    value = resolve(text)
    if tag == "tag:yaml.org,2002:float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = {"int": int, "float": float, "bool": bool, "null": type(None)}.get(tag.rpartition(":")[2])
    if tag not in CORE_TAGS or expected is None or type(value) is not expected:
        raise ValueError(f"'{text[:40]}' is not of the type that its tag says")
    return value


def old_meaning(text: str) -> str:
    """Returns, in words, what YAML 1.1 read in a plain scalar that 1.2 reads differently; "" where both agree."""
    if len(text) > NUMBER_LENGTH or not text:
        return ""
    if _OLD_BOOLEANS.fullmatch(text):
        return "a boolean"
    if text[0] not in _NUMERIC_START:
        return ""
    if _OLD_OCTAL.fullmatch(text):
        return "an octal number"
    if ":" in text and _OLD_SEXAGESIMAL.fullmatch(text):
        return "a number to the base of 60"
    if _OLD_UNDERSCORES.fullmatch(text):
        return "a number with digit groups"
    if _OLD_BINARY.fullmatch(text):
        return "a binary number"
    return ""
