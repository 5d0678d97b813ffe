"""The provider makes what belongs to a plan, on the target that its settings name."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.manifest_document import ManifestDocument
from rohe_iac.targets.provider.stack import ProvidedStack

DOCUMENT = ManifestDocument("Readiness", "readiness-x", "desk", "service/d:x", {})


def _stack(**settings: str) -> ProvidedStack:
    return ProvidedStack(settings, threading.Event(), lambda *_: None, lambda _: None)


def test_settings_that_name_no_stack_are_refused() -> None:
    for settings in ({}, {"folder": "/srv"}, {"root": "/srv"}):
        with pytest.raises(RoheError, match="not of a plan"):
            _stack(**settings)


def test_a_stack_without_a_cluster_waits_for_none(tmp_path: Path) -> None:
    stack = _stack(folder=str(tmp_path), root=str(tmp_path))
    for action in (stack.make, stack.holds):
        with pytest.raises(RoheError, match="not of a plan"):
            action("rohe:kubernetes:Readiness", DOCUMENT)
    stack.remove("rohe:kubernetes:Readiness", DOCUMENT)


def test_a_type_that_no_plan_has_is_refused(tmp_path: Path) -> None:
    stack = _stack(folder=str(tmp_path), root=str(tmp_path))
    for action in (stack.make, stack.holds, stack.remove):
        with pytest.raises(RoheError, match="the type rohe:local:Rocket, which no plan of rohe has, was refused"):
            action("rohe:local:Rocket", DOCUMENT)
