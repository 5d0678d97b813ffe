"""The documentation that comes with the package: the folder `docs` of the repository, in the wheel as package data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from rohe_iac.blueprint.findings.codes import CODES
from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.foundation.errors import RoheError, UsageError

CODE = re.compile(r"[Rr]\d{3}")
"""The form of a diagnostic's code."""


class DocumentationMissing(RoheError):
    """The installed package has no page where one belongs."""


@dataclass(frozen=True)
class CodePage:
    """What the documentation says of a diagnostic.

    Attributes:
        code: the code, such as R106.
        name: its name, such as unknown-field.
        title: what is wrong, in one line.
        text: the page in Markdown.
    """

    code: str
    name: str
    title: str
    text: str


def is_code(text: str) -> bool:
    """Checks whether a text has the form of a diagnostic's code."""
    return CODE.fullmatch(text) is not None


def documentation() -> Traversable:
    """Returns the folder of the documentation."""
    return files("rohe_iac") / "docs"


def code_page(code: str) -> CodePage:
    """Returns the page of a diagnostic; the case of the code's letter does not matter.

    Raises:
        UsageError: there is no such code.
        DocumentationMissing: the package was installed without its pages.
    """
    code = code.upper()
    if code not in CODES:
        near = did_you_mean(code, [known for known in CODES if known[:3] == code[:3]])
        raise UsageError(f"there is no code {code}", hint=near or f"{min(CODES)} to {max(CODES)}; see `rohe --help`")
    page = documentation() / "diagnostics" / f"{code}.md"
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentationMissing(
            f"the page of {code} is missing: {error.strerror}", detail=str(page), hint="install rohe again"
        ) from error
    known = CODES[code]
    return CodePage(code, known.slug, known.title, text)
