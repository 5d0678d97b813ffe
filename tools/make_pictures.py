"""Makes the pictures of docs/pictures, of what the commands really print.

plan.png is the page of `rohe plan --html` for the cctvs example, as headless Chromium shows it; demo.svg is a part of
what `make demo` prints: the explanation of the violation. Needs Chromium, and a machine at rest, as the demo does.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
ROHE = Path(sys.executable).parent / "rohe"
WIDTH, HEIGHT = 1240, 780
"""Pixels of the page that the picture shows."""
COLUMNS = 114
"""Columns of the terminal in the picture of the demo."""
SHOWN = re.compile(r"\$ rohe explain.*?\nBlame: [^\n]*", re.DOTALL)
"""The part of the demo that the picture shows."""


def main() -> int:
    """Writes both pictures; returns 1 where Chromium is missing."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("the picture of the page needs Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        draw_page(chromium, Path(folder))
    draw_demo()
    return 0


def draw_page(chromium: str, folder: Path) -> None:
    """Writes plan.png."""
    page, picture = folder / "plan.html", folder / "plan.png"
    environment = {**os.environ, "XDG_STATE_HOME": str(folder)}
    plan = [ROHE, "-C", ROOT / "examples" / "cctvs", "plan", "--html", page]
    subprocess.run(plan, env=environment, check=True, stdout=subprocess.DEVNULL)
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"]
    subprocess.run([chromium, *options, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)
    shutil.copyfile(picture, PICTURES / "plan.png")


def draw_demo() -> None:
    """Writes demo.svg."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    demo = [sys.executable, ROOT / "examples" / "digits" / "demo.py"]
    write_demo(subprocess.run(demo, env=environment, check=True, capture_output=True, text=True).stdout)


def write_demo(printed: str) -> None:
    """Writes demo.svg of what the demo has printed."""
    text = Text.from_ansi(printed)
    shown = SHOWN.search(text.plain)
    if shown is None:
        raise SystemExit("the demo printed no violation")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    part = text[shown.start() : shown.end()]
    part.rstrip()
    console.print(part)
    picture = console.export_svg(title="make demo")
    # The picture names no font that would have to be fetched.
    (PICTURES / "demo.svg").write_text(re.sub(r"@font-face {.*?}\n", "", picture, flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
