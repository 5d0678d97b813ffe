"""The normal form of documents: the same values and comments, in one layout.

Two blanks a level, lists two deeper than their key, one blank before a value, documents parted by `---`, no blanks at
line ends, at most one empty line in a row, and apiVersion, kind, metadata, spec in this order. Quotes and flow style
stay as they were written.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from functools import cache
from typing import Any

from rohe_iac.blueprint.document import read_plain

WIDTH = 120
ENDLESS = 2**20
HEAD = ("apiVersion", "kind", "metadata", "spec")
_COMMENT = re.compile(r"(?:^|\s)(#.*)$", re.MULTILINE)
_GAPS = re.compile(r"\n{3,}")


def formatted(text: str) -> str | None:
    """The normal form of a text of valid YAML; None where it has none that keeps every value and every comment."""
    before = read_plain(text)
    if not before.values:
        return None
    result = text
    for _ in range(3):
        once = _rendered(result)
        if once is None or once == result:
            break
        result = once
    else:
        return None
    if once is None or _values(result) != _values(text) or _comments(result) != _comments(text):
        return None
    return result


def _values(text: str) -> str:
    # As text, since NaN differs from itself; the head's order is the one thing that may change.
    return repr([sorted(value.items()) if isinstance(value, dict) else value for value in read_plain(text).values])


def _comments(text: str) -> Counter[str]:
    return Counter(comment.strip() for comment in _COMMENT.findall(text))


def _rendered(text: str) -> str | None:
    """Lines stay as long as they were; only where joining would make longer ones they are folded."""
    wide = _dumped(text, ENDLESS)
    longest = max(WIDTH, *(len(line) for line in text.split("\n")))
    if wide is None or all(len(line) <= longest for line in wide.split("\n")):
        return wide
    return _dumped(text, WIDTH)


def _dumped(text: str, width: int) -> str | None:
    from ruamel.yaml.error import YAMLError

    yaml = _round_trip(width)
    stream = io.StringIO()
    try:
        documents = list(yaml.load_all(text))
        for document in documents:
            _order(document)
        yaml.dump_all(documents, stream)
    except (YAMLError, ValueError, TypeError, AttributeError, NotImplementedError, RecursionError):
        return None
    lines = [line.rstrip() for line in stream.getvalue().split("\n")]
    result = _GAPS.sub("\n\n", "\n".join(lines)).strip("\n") + "\n"
    return result.removesuffix("\n...\n") + "\n" if result.endswith("\n...\n") else result


@cache
def _round_trip(width: int) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.resolver import VersionedResolver

    null = [("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"))]

    class Resolver(VersionedResolver):
        """Takes every plain scalar but null for text, so that each is written as it was read."""

        @property
        def versioned_resolver(self) -> Any:
            return {"~": list(null), "n": list(null), "N": list(null), "": list(null)}

    yaml = YAML()
    yaml.Resolver = Resolver
    yaml.preserve_quotes = True
    yaml.width = width
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _order(document: Any) -> None:
    """Puts the head's keys in their order, where no comment stands between keys that would move."""
    comments = getattr(document, "ca", None)
    if comments is None or not hasattr(document, "move_to_end") or not all(key in document for key in HEAD):
        return
    if tuple(document)[:4] == HEAD or comments.items or comments.comment:
        return
    for key in reversed(HEAD):
        document.move_to_end(key, last=False)
