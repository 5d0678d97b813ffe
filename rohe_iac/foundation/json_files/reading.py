"""Reading of JSON files: an object out of bytes, and in plain words why there is none."""

from __future__ import annotations

import json
from typing import Any


class NoObject(ValueError):
    """The bytes are no JSON object; the text says why, as the end of a sentence about the file."""


def read_object(content: bytes | str) -> dict[str, Any]:
    """Returns the JSON object (RFC 8259) of a file's content.

    Raises:
        NoObject: The content is none.
    """
    try:
        value = json.loads(content)
    except UnicodeDecodeError as error:
        raise NoObject("it is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NoObject(f"it is not JSON: see {where}" if content.strip() else "it is empty") from error
    except RecursionError as error:
        raise NoObject("its JSON is nested too deeply") from error
    except ValueError as error:
        # The interpreter refuses integers of more than 4300 digits.
        raise NoObject("it has a number of too many digits") from error
    if not isinstance(value, dict):
        raise NoObject("it is JSON, but not an object with fields")
    return value
