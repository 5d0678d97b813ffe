"""The normal form of documents: the same values and comments, in one layout.

Two blanks a level, lists two deeper than their key, one blank before a value, documents parted by `---`, no blanks at
line ends, at most one empty line in a row, and apiVersion, kind, metadata, spec in this order. Quotes and flow style
stay as they were written.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import Any

from rohe_iac.blueprint.text.reader import read_plain

WIDTH = 120


ENDLESS = 2**20


LONGEST = 2 * 2**20
"""The longest text, in characters, that is laid out: that goes through it several times, slowly."""


HEAD = ("apiVersion", "kind", "metadata", "spec")


_COMMENT = re.compile(r"(?:^|\s)(#.*)$", re.MULTILINE)


_GAPS = re.compile(r"\n{3,}")


_MARK = re.compile(r"---[ \t]*(#.*)?$")


_END = re.compile(r"\.\.\.[ \t]*$")


_SAYS_MORE = re.compile(r"%|(---|\.\.\.)[ \t]+[^ \t#]|\.\.\.[ \t]+#")
"""A directive, or a mark with something behind it: such a text is laid out as a whole."""


class NoNormalForm(Exception):
    """No layout keeps every value and every comment of a text. line: where the first one that none keeps stands."""

    def __init__(self, reason: str, line: int) -> None:
        self.reason, self.line = reason, line
        super().__init__(f"line {line}: {reason}")


def formatted(text: str) -> str:
    """The normal form of a text of valid YAML. Errors: NoNormalForm."""
    if len(text) > LONGEST:
        raise NoNormalForm(
            f"a text of more than {LONGEST:,} characters is not laid out; split it into several files", 1
        )
    parts = [(_settled(part, line), line) for part, line in _documents(text)]
    result = "---\n".join(part for part, _ in parts)
    if _values(result) != _values(text):
        raise NoNormalForm("its documents would not mean the same", 1)
    return result


def _documents(text: str) -> list[tuple[str, int]]:
    """The text of each document with the line where it begins; comments that stand alone go with what follows them."""
    lines = text.replace("\r\n", "\n").split("\n")
    if any(_SAYS_MORE.match(line) for line in lines):
        return [(text, 1)]
    found: list[tuple[list[str], int]] = [([], 1)]
    for number, line in enumerate(lines, start=1):
        mark = _MARK.match(line)
        if mark is None:
            if not _END.match(line):
                found[-1][0].append(line)
            continue
        if any(_says(known) for known in found[-1][0]):
            found.append(([], number + 1))
        if mark[1]:
            found[-1][0].append(mark[1])
    if len(found) > 1 and not any(map(_says, found[-1][0])):
        found[-2][0].extend(found.pop()[0])
    return [("\n".join(part).strip("\n") + "\n", line) for part, line in found]


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _settled(text: str, line: int) -> str:
    """The normal form of one document that begins at `line`."""
    result = text
    if not any(map(_says, text.split("\n"))):
        return _tidy(text)
    for _ in range(3):
        once = _rendered(result)
        if once is None or once == result:
            break
        result = once
    lost = _comments(text) - _comments(result)
    if lost:
        number = next(index for index, known in enumerate(text.split("\n")) if any(word in known for word in lost))
        raise NoNormalForm(
            "no layout keeps this comment; write what is in [ ] or { } in lines of its own", line + number
        )
    if once != result or _values(result) != _values(text) or _comments(result) != _comments(text):
        raise NoNormalForm("no layout keeps all of this document", line)
    return result


def _values(text: str) -> str:
    # As text, since NaN differs from itself; the head's order is the one thing that may change.
    values = (value for value in read_plain(text).values if value is not None)
    return repr([sorted(value.items()) if isinstance(value, dict) else value for value in values])


def _comments(text: str) -> Counter[str]:
    return Counter(comment.strip() for comment in _COMMENT.findall(text))


def _rendered(text: str) -> str | None:
    """Lines stay as long as they were; only where joining would make longer ones they are folded."""
    wide = _dumped(text, ENDLESS)
    longest = max(WIDTH, *(len(line) for line in text.split("\n")))
    if wide is None or all(len(line) <= longest for line in wide.split("\n")):
        return wide
    return _dumped(text, WIDTH)


def _tidy(text: str) -> str:
    """No blanks at line ends, and at most one empty line in a row."""
    return _GAPS.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n") + "\n"


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
    result = _tidy(stream.getvalue())
    return result.removesuffix("\n...\n") + "\n" if result.endswith("\n...\n") else result


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
