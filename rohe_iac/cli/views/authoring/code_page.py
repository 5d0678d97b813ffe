"""The page of a diagnostic's code."""

from __future__ import annotations

from dataclasses import asdict

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import PageOutput
from rohe_iac.usecases.documentation import CodePage


def show_code_page(screen: Screen, page: CodePage, output: PageOutput) -> None:
    """Prints a page: as JSON, laid out on a terminal, or else as the Markdown that it is."""
    if output is PageOutput.json:
        screen.print_json(asdict(page), "code-page")
    elif output is PageOutput.human and screen.out.is_terminal:
        from rich.markdown import Markdown

        screen.out.print(Markdown(page.text, code_theme="ansi_dark", hyperlinks=False), soft_wrap=False)
    else:
        screen.print_text(page.text.rstrip("\n"))
