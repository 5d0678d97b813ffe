"""How inputs are changed: by their structure where they are YAML, else by pieces of the language in their text."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import yaml

from rohe_iac.blueprint.text.reader import read_plain

PIECES = (
    *("{{ inputs.name }}", "{{ inputs.replicas * 2 }}", "{% if %}", "{#", "auto", "15%", "-1", "0", "1e309", "1e-400"),
    *("500m", "512Mi", "10Gi", "300ms", "5m", "100 reports", "20/s", "10Mbps", "1.5GHz", "0.02/h", "p99", "p0", "<="),
    *("between", "env:TOKEN", "file:x", "modules/detect", "user_modules/functions.py:mean", "profiles/detect.yaml"),
    *("../x", "/etc/passwd", "no", "010", "12:30", "0x1F", "~", "null", "true", "NaN", ".inf", "\ufeff", "\u2028"),
    *("é", "<<", "&a", "*a", "!!str", "- ", ": ", "#", "---\n", "\n  ", "'", '"', "|", ">", "[", "]", "{", "}", ","),
    *("name", "kind", "spec", "metadata", "apiVersion", "rohe.dev/v1", "service/detect", "node/pi-1", "link/4g"),
    *(".latency", ".cpu", ".replicas", "*=3", "+=1", "-=1", "=down", "=cordoned", "${A:-b}", "${A}", "80:80", "9" * 30),
)
NUMBERS = (0, 1, -1, 2, 0.5, 1e308, 2**31, 2**63, 10**20, -0.0, float("nan"), float("inf"))


def pick_words(value: Any, into: list[str]) -> list[str]:
    """Every key and text in a value: what references may name."""
    if isinstance(value, dict):
        for key, part in value.items():
            into.append(str(key))
            pick_words(part, into)
    elif isinstance(value, list):
        for part in value:
            pick_words(part, into)
    elif isinstance(value, str):
        into.append(value)
    return into


def _steps(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    for key, part in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        found.append((value, key))
        if isinstance(part, dict | list):
            _steps(part, found)
    return found


def _other(drawn: random.Random, words: list[str], spots: list[tuple[Any, Any]]) -> Any:
    return drawn.choice(
        (
            lambda: drawn.choice(PIECES),
            lambda: drawn.choice(NUMBERS),
            lambda: drawn.choice(words) if words else "",
            lambda: drawn.choice((None, True, False, [], {}, [[]], {"": None})),
            lambda: (lambda spot: spot[0][spot[1]])(drawn.choice(spots)) if spots else None,
        )
    )()


def changed(value: Any, drawn: random.Random) -> Any:
    """The value with a few parts replaced, taken out, repeated, renamed or exchanged for others of it."""
    value = json.loads(json.dumps(value))
    for _ in range(drawn.randint(1, 4)):
        if not isinstance(value, dict | list) or not value:
            return value
        spots, words = _steps(value, []), pick_words(value, [])
        parent, key = drawn.choice(spots)
        how = drawn.randrange(6)
        other = json.loads(json.dumps(_other(drawn, words, spots)))
        if how == 0:
            del parent[key]
        elif how == 1 and isinstance(parent, dict):
            parent[drawn.choice((*PIECES, *words))] = parent.pop(key)
        elif how == 2 and isinstance(parent, list):
            parent.append(json.loads(json.dumps(parent[key])))
        elif how == 3 and isinstance(parent, dict):
            parent[drawn.choice((*PIECES, *words))] = other
        elif how == 4 and isinstance(parent[key], str) and parent[key]:
            at = drawn.randrange(len(parent[key]) + 1)
            parent[key] = parent[key][:at] + drawn.choice(PIECES) + parent[key][at + drawn.randint(0, 2) :]
        else:
            parent[key] = other
    return value


def spliced(text: str, drawn: random.Random) -> str:
    """The text with pieces put in, lines moved, or parts cut out."""
    for _ in range(drawn.randint(1, 4)):
        at = drawn.randint(0, len(text))
        end = min(len(text), at + drawn.randint(0, 30))
        how = drawn.randrange(5)
        if how == 0:
            text = text[:at] + text[end:]
        elif how == 1:
            lines = text.split("\n")
            lines.insert(drawn.randint(0, len(lines)), drawn.choice(lines))
            text = "\n".join(lines)
        elif how == 2:
            text = text[:at] + text[at:end] * drawn.randint(1, 5) + text[at:]
        else:
            text = text[:at] + drawn.choice(PIECES) + text[end if how == 3 else at :]
    return text


def mutated(data: bytes, longest: int, seed: int, otherwise: Callable[[bytes], bytes] | None = None) -> bytes:
    """Another input made of `data`; otherwise: what changes bytes that are no text, now and then also text."""
    drawn = random.Random(seed)
    if otherwise is not None and drawn.randrange(4) == 0:
        return otherwise(data)
    text = data.decode("utf-8", "replace")
    values = [value for value in read_plain(text).values if isinstance(value, dict | list)]
    result = None
    if values and drawn.randrange(3):
        index = drawn.randrange(len(values))
        try:
            values[index] = changed(values[index], drawn)
            result = yaml.dump_all(
                values, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), allow_unicode=True, sort_keys=False,
                default_flow_style=drawn.choice((None, True, False)),
            )  # fmt: skip
        except (yaml.YAMLError, ValueError, RecursionError):
            result = None
    return (spliced(text, drawn) if result is None else result).encode("utf-8", "replace")[:longest]
