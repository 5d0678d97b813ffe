"""Brings docs/diagnostics/ up to date: titles from the table of codes, and what `rohe validate` says of each example.

The examples themselves are written by hand. Run it as `python tools/write_diagnostic_pages.py`.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console

from rohe_iac.blueprint.findings.codes import CODES
from rohe_iac.blueprint.loading import check
from rohe_iac.cli.views.authoring.diagnostics import show_diagnostics
from rohe_iac.foundation.diagnostics import Diagnostic
from rohe_iac.usecases.plans.plan import make_plan

PAGES = Path(__file__).parents[1] / "docs" / "diagnostics"
BLOCK = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST = 160


def lay_out(section: str, folder: Path) -> None:
    """Makes the files of an example: the unnamed is blueprints/example.yaml, `sh` is run, others say their name."""
    (folder / "rohe.yaml").write_text("project: example\n")
    for block in BLOCK.finditer(section):
        if block["language"] == "text" and not block["file"]:
            continue
        if block["language"] == "sh":
            subprocess.run(["sh", "-ec", block["text"]], cwd=folder, check=True)
            continue
        file = folder / (block["file"] or "blueprints/example.yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block["text"])


PLANNED = ("R304", "R305", "R306", "R402")
"""Codes that plan alone reports."""


def diagnostics_of(section: str) -> tuple[Diagnostic, ...]:
    """What is found in the example of a section."""
    with tempfile.TemporaryDirectory() as name:
        lay_out(section, Path(name))
        found = check([Path(name)])
        if not found.valid or found.kinds.get("Stack") != 1 or not found.kinds.get("Pipeline"):
            return found.diagnostics
        # What a plan lacks is reported by plan alone.
        return (*found.diagnostics, *make_plan(Path(name)).warnings)


def sections(page: str) -> tuple[str, str]:
    """The wrong and the right half of a page."""
    _, _, rest = page.partition("\n## Wrong\n")
    wrong, _, right = rest.partition("\n## Right\n")
    return wrong, right


def said(diagnostics: tuple[Diagnostic, ...]) -> str:
    """The diagnostics as people see them, long lines cut."""
    stream = io.StringIO()
    show_diagnostics(Console(file=stream, width=400, no_color=True, highlight=False), diagnostics)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    return "".join(f"{line[:LONGEST] + '...' if len(line) > LONGEST else line}\n" for line in lines)


def rendered(code: str, page: str) -> str:
    """The page as it should be."""
    wrong, right = sections(page)
    command = "plan" if code in PLANNED else "validate"
    example, mark, _ = wrong.partition(f"\n`rohe {command}` says:\n")
    if not mark:
        raise ValueError(f"{code}: the page does not tell what rohe says of it")
    output = said(diagnostics_of(example))
    title, why = CODES[code].title, CODES[code].why
    return f"# {code}: {title}\n\n{why}\n\n## Wrong\n{example}{mark}\n```text\n{output}```\n\n## Right\n{right}"


def index() -> str:
    """The table of all codes."""
    rows = [f"| [{code}]({code}.md) | `{item.slug}` | {item.title} |" for code, item in CODES.items()]
    head = (
        "# Diagnostics",
        "",
        "Every code that `rohe validate` and `rohe plan` report, with a wrong and a right example. R0: the text itself; R1: a document",
        "by itself; R2: what documents say of each other; R3: what fits no node (warnings; `rohe plan` ends with 4), or hardly keeps its limit;",
        "R4: what nothing acts on yet (`rohe apply` refuses it).",
        "",
        "All faults are reported at once, up to a bound that keeps a ruined file from filling the screen: 200 faults of a",
        "document by itself, 200 of what it says of others, 100 of a text, and 1,000 in one run, errors first.",
        "Beyond a document's bound or the run's, [R133](R133.md) gives the number of the others.",
        "",
        "| code | name | what is wrong |",
        "|---|---|---|",
    )
    return "\n".join((*head, *rows)) + "\n"


def main() -> None:
    """Writes every page and the index."""
    for code in CODES:
        path = PAGES / f"{code}.md"
        path.write_text(rendered(code, path.read_text()))
    (PAGES / "README.md").write_text(index())


if __name__ == "__main__":
    main()
