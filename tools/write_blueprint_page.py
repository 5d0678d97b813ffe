"""Brings the table of fields in docs/blueprints.md, and docs/schemas/, up to date with the models."""

from __future__ import annotations

import json
from pathlib import Path

from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.schema.reference import page, schema_of

DOCS = Path(__file__).parents[1] / "docs"
MARK = "<!-- From here on made of the models by tools/write_blueprint_page.py. -->\n"


def rendered(text: str) -> str:
    """The page with its second half made anew."""
    head, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError("docs/blueprints.md lacks the mark")
    return f"{head}{MARK}\n{page()}"


def schema_text(kind: str) -> str:
    """The schema file of a kind."""
    return json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the page and the schemas."""
    path = DOCS / "blueprints.md"
    path.write_text(rendered(path.read_text()))
    (DOCS / "schemas").mkdir(exist_ok=True)
    for kind in KINDS:
        (DOCS / "schemas" / f"{kind.lower()}.json").write_text(schema_text(kind))


if __name__ == "__main__":
    main()
