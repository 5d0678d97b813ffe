"""What tests of importing share: samples of the original's files, and imports of samples or contents."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.importing.import_texts import ImportResult, import_texts

sys.path.insert(0, str(Path(__file__).parent))

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def samples() -> Path:
    """Returns the folder of the samples."""
    return SAMPLES


@pytest.fixture
def import_samples() -> Callable[..., ImportResult]:
    """Returns a function that imports samples by name."""

    def import_all(*names: str, **options: Any) -> ImportResult:
        return import_texts([SourceText(name, (SAMPLES / name).read_text()) for name in names], **options)

    return import_all


@pytest.fixture
def import_contents() -> Callable[..., ImportResult]:
    """Returns a function that imports values or texts as files f0, f1 and so on."""

    def import_all(*contents: Any, **options: Any) -> ImportResult:
        texts = [content if isinstance(content, str) else json.dumps(content) for content in contents]
        return import_texts([SourceText(f"f{index}", text) for index, text in enumerate(texts)], **options)

    return import_all
