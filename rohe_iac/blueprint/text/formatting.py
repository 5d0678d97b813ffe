"""The normal form of documents: the same values and comments, in one layout.

Two spaces per level, lists two deeper than their key, one space before a value, documents separated by `---`, no
spaces at line ends, at most one empty line in a row, and apiVersion, kind, metadata, spec in this order. Quotes and
flow style stay as they were written.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import Any

from rohe_iac.blueprint.text.comment_columns import with_aligned_comments
from rohe_iac.blueprint.text.reader import read_plain

WIDTH = 120


UNLIMITED_WIDTH = 2**20


MAX_LENGTH = 2 * 2**20
"""The longest text, in characters, that is formatted: formatting reads it several times, slowly."""


HEAD = ("apiVersion", "kind", "metadata", "spec")


_COMMENT = re.compile(r"(?:^|\s)(#.*)$", re.MULTILINE)


_GAPS = re.compile(r"\n{3,}")


_MARK = re.compile(r"---[ \t]*(#.*)?$")


_END = re.compile(r"\.\.\.[ \t]*$")


_SAYS_MORE = re.compile(r"%|(---|\.\.\.)[ \t]+[^ \t#]|\.\.\.[ \t]+#")
"""A directive, or a document marker with content behind it: such a text is formatted as a whole."""


class NoNormalForm(Exception):
    """No layout keeps every value and every comment of a text.

    Attributes:
        reason: Why there is none.
        line: Line of the first value or comment that no layout keeps.
    """

    def __init__(self, reason: str, line: int) -> None:
        self.reason, self.line = reason, line
        super().__init__(f"line {line}: {reason}")


def format_yaml(text: str) -> str:
    """Returns the normal form of a text of valid YAML.

    Raises:
        NoNormalForm: No layout keeps all of the text.
    """
    if len(text) > MAX_LENGTH:
        raise NoNormalForm(
            f"a text of more than {MAX_LENGTH:,} characters is not laid out; split it into several files", 1
        )
    parts = [(_normal_form(part, line), line) for part, line in _split_documents(text)]
    result = "---\n".join(part for part, _ in parts)
    if _values(result) != _values(text):
        raise NoNormalForm("its documents would not mean the same", 1)
    return result


def _split_documents(text: str) -> list[tuple[str, int]]:
    """Returns the text of each document with its first line; comments alone go with the next document."""
    lines = text.replace("\r\n", "\n").split("\n")
    if any(_SAYS_MORE.match(line) for line in lines):
        return [(text, 1)]
    parts: list[tuple[list[str], int]] = [([], 1)]
    for number, line in enumerate(lines, start=1):
        marker = _MARK.match(line)
        if marker is None:
            if not _END.match(line):
                parts[-1][0].append(line)
            continue
        if any(_has_content(content) for content in parts[-1][0]):
            parts.append(([], number + 1))
        if marker[1]:
            parts[-1][0].append(marker[1])
    if len(parts) > 1 and not any(map(_has_content, parts[-1][0])):
        parts[-2][0].extend(parts.pop()[0])
    return [("\n".join(part).strip("\n") + "\n", line) for part, line in parts]


def _has_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _normal_form(text: str, line: int) -> str:
    """Returns the normal form of one document that begins at `line`."""
    result = text
    if not any(map(_has_content, text.split("\n"))):
        return _tidy_lines(text)
    for _ in range(3):
        laid_out = _lay_out(result)
        if laid_out is None or laid_out == result:
            break
        result = laid_out
    lost = _comments(text) - _comments(result)
    if lost:
        number = next(
            index for index, content in enumerate(text.split("\n")) if any(comment in content for comment in lost)
        )
        raise NoNormalForm(
            "no layout keeps this comment; write what is in [ ] or { } in lines of its own", line + number
        )
    if laid_out != result or _values(result) != _values(text) or _comments(result) != _comments(text):
        raise NoNormalForm("no layout keeps all of this document", line)
    return result


def _values(text: str) -> str:
    # As text, since NaN differs from itself; sorted, since formatting may change the order of the head.
    values = (value for value in read_plain(text).values if value is not None)
    return repr([sorted(value.items()) if isinstance(value, dict) else value for value in values])


def _comments(text: str) -> Counter[str]:
    return Counter(comment.strip() for comment in _COMMENT.findall(text))


def _lay_out(text: str) -> str | None:
    """Returns the text laid out with lines as long as they were; folds them only where joined lines would be longer."""
    wide = _aligned(_dump(text, UNLIMITED_WIDTH), text)
    longest = max(WIDTH, *(len(line) for line in text.split("\n")))
    if wide is None or all(len(line) <= longest for line in wide.split("\n")):
        return wide
    return _aligned(_dump(text, WIDTH), text)


def _aligned(laid_out: str | None, text: str) -> str | None:
    return None if laid_out is None else with_aligned_comments(laid_out, text)


def _tidy_lines(text: str) -> str:
    """Returns the text with no spaces at line ends and at most one empty line in a row."""
    return _GAPS.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n") + "\n"


def _dump(text: str, width: int) -> str | None:
    from ruamel.yaml.error import YAMLError

    yaml = _round_trip(width)
    stream = io.StringIO()
    try:
        documents = list(yaml.load_all(text))
        for document in documents:
            _order_head(document)
        yaml.dump_all(documents, stream)
    except (YAMLError, ValueError, TypeError, AttributeError, NotImplementedError, RecursionError):
        return None
    result = _tidy_lines(stream.getvalue())
    return result.removesuffix("\n...\n") + "\n" if result.endswith("\n...\n") else result


def _round_trip(width: int) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.resolver import VersionedResolver

    null = [("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"))]

    class Resolver(VersionedResolver):
        """A resolver that takes every plain scalar but null for text, so that each is written as it was read."""

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


def _order_head(document: Any) -> None:
    """Puts the keys of the document's head in their order, unless a comment is between keys that would move."""
    comments = getattr(document, "ca", None)
    if comments is None or not hasattr(document, "move_to_end") or not all(key in document for key in HEAD):
        return
    if tuple(document)[:4] == HEAD or comments.items or comments.comment:
        return
    for key in reversed(HEAD):
        document.move_to_end(key, last=False)
