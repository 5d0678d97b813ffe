"""Profiles on a screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.views.authoring.profile import show_profiles


@dataclass(frozen=True)
class FewProfile:
    """A profile that lacks something."""

    service: str = "classify"
    missing: tuple[str, ...] = ("demand by offered load",)
    estimated: tuple[str, ...] = ()


@dataclass(frozen=True)
class FewMeasurements:
    """Measurements that give one profile."""

    profiles: tuple[FewProfile, ...] = (FewProfile(),)
    text: str = "profile: 1\n"


@pytest.mark.parametrize(("written", "out"), [((), "profile: 1\n"), ((Path("a.yaml"),), "")])
def test_yaml_is_printed_where_no_file_was_written(
    new_screen: Any, capsys: pytest.CaptureFixture[str], written: tuple[Path, ...], out: str
) -> None:
    measurements: Any = FewMeasurements()
    screen, printed = new_screen()
    show_profiles(screen, measurements, written)
    assert capsys.readouterr().out == out
    assert printed().splitlines() == [*map(str, written), "missing for classify: demand by offered load"]
