"""Samples of the original's files, and an import of a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.importing.import_texts import ImportResult, import_texts

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def samples() -> Path:
    """The folder of the samples."""
    return SAMPLES


@pytest.fixture
def sample() -> Callable[..., ImportResult]:
    """Imports samples by name."""

    def imported(*names: str, **options: Any) -> ImportResult:
        return import_texts([SourceText(name, (SAMPLES / name).read_text()) for name in names], **options)

    return imported


@pytest.fixture
def take() -> Callable[..., ImportResult]:
    """Imports values or texts as files f0, f1 and so on."""

    def imported(*contents: Any, **options: Any) -> ImportResult:
        texts = [content if isinstance(content, str) else json.dumps(content) for content in contents]
        return import_texts([SourceText(f"f{index}", text) for index, text in enumerate(texts)], **options)

    return imported
