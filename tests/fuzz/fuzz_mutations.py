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
    """Returns `into` with every key and text of a value added: what references may name."""
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


def _other(rng: random.Random, words: list[str], spots: list[tuple[Any, Any]]) -> Any:
    return rng.choice(
        (
            lambda: rng.choice(PIECES),
            lambda: rng.choice(NUMBERS),
            lambda: rng.choice(words) if words else "",
            lambda: rng.choice((None, True, False, [], {}, [[]], {"": None})),
            lambda: (lambda spot: spot[0][spot[1]])(rng.choice(spots)) if spots else None,
        )
    )()


def change_value(value: Any, rng: random.Random) -> Any:
    """Returns the value with a few parts replaced, removed, repeated, renamed or exchanged for others of it."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, 4)):
        if not isinstance(value, dict | list) or not value:
            return value
        spots, words = _steps(value, []), pick_words(value, [])
        parent, key = rng.choice(spots)
        kind = rng.randrange(6)
        other = json.loads(json.dumps(_other(rng, words, spots)))
        if kind == 0:
            del parent[key]
        elif kind == 1 and isinstance(parent, dict):
            parent[rng.choice((*PIECES, *words))] = parent.pop(key)
        elif kind == 2 and isinstance(parent, list):
            parent.append(json.loads(json.dumps(parent[key])))
        elif kind == 3 and isinstance(parent, dict):
            parent[rng.choice((*PIECES, *words))] = other
        elif kind == 4 and isinstance(parent[key], str) and parent[key]:
            at = rng.randrange(len(parent[key]) + 1)
            parent[key] = parent[key][:at] + rng.choice(PIECES) + parent[key][at + rng.randint(0, 2) :]
        else:
            parent[key] = other
    return value


def splice_text(text: str, rng: random.Random) -> str:
    """Returns the text with pieces inserted, lines moved, or parts cut out."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(text))
        end = min(len(text), at + rng.randint(0, 30))
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            lines = text.split("\n")
            lines.insert(rng.randint(0, len(lines)), rng.choice(lines))
            text = "\n".join(lines)
        elif kind == 2:
            text = text[:at] + text[at:end] * rng.randint(1, 5) + text[at:]
        else:
            text = text[:at] + rng.choice(PIECES) + text[end if kind == 3 else at :]
    return text


def mutate_input(data: bytes, longest: int, seed: int, otherwise: Callable[[bytes], bytes] | None = None) -> bytes:
    """Returns another input made of `data`; `otherwise` changes a quarter of the inputs as bytes."""
    rng = random.Random(seed)
    if otherwise is not None and rng.randrange(4) == 0:
        return otherwise(data)
    text = data.decode("utf-8", "replace")
    values = [value for value in read_plain(text).values if isinstance(value, dict | list)]
    result = None
    if values and rng.randrange(3):
        index = rng.randrange(len(values))
        try:
            values[index] = change_value(values[index], rng)
            result = yaml.dump_all(
                values, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), allow_unicode=True, sort_keys=False,
                default_flow_style=rng.choice((None, True, False)),
            )  # fmt: skip
        except (yaml.YAMLError, ValueError, RecursionError):
            result = None
    return (splice_text(text, rng) if result is None else result).encode("utf-8", "replace")[:longest]
