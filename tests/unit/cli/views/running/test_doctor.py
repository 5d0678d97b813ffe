"""The examination of the machine on a screen."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.doctor import DoctorView
from rohe_iac.usecases.running.doctor import Check


def test_what_is_missing_is_listed_again_with_what_provides_it(new_screen: Any) -> None:
    screen, printed = new_screen()
    checks = [Check("python", "ok", "3.11"), Check("engine", "missing", found="none", remedy="rohe engine install")]
    DoctorView(screen).show(checks, Output.human)
    assert printed().splitlines()[-1] == "engine: rohe engine install"
    DoctorView(screen).show(checks[:1], Output.human)
    assert printed().splitlines()[-1] == "Nothing is missing."
