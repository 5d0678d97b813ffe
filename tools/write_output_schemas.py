"""Brings docs/schemas/output/ up to date: the JSON Schema of what each command prints with `-o json`.

Run it as `python tools/write_output_schemas.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

from rohe_iac.cli.forms import FORMS, form_schema

FOLDER = Path(__file__).parents[1] / "docs" / "schemas" / "output"


def main() -> None:
    """Writes every schema."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FORMS:
        text = json.dumps(form_schema(name), indent=2, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
