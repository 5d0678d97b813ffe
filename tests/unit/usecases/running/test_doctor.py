"""`rohe doctor` and `rohe engine install` on a machine that lacks something."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.deployment.engine.find import EngineMissing
from rohe_iac.foundation.errors import RoheError
from rohe_iac.usecases.running.doctor import examine
from rohe_iac.usecases.running.engine_install import install


def no_broker() -> str:
    """Finds no broker."""
    raise RoheError("no broker", hint="install one")


def test_what_is_missing_has_a_step_that_provides_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROHE_PULUMI", "/no/such/engine")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    checks = {check.name: check for check in examine(no_broker, lambda: ("no control groups", "apply as root"))}
    assert (checks["broker"].status, checks["broker"].found, checks["broker"].mend) == (
        "missing",
        "no broker",
        "install one",
    )
    assert checks["engine"].status == "missing"
    assert checks["engine"].mend
    assert checks["state folder"].status == "ok"
    limits = checks["limits"]
    assert (limits.status, limits.mend) == ("missing", "apply as root")
    assert limits.found == "limits of services are not in force: no control groups"
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_does_not_serve_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROHE_PULUMI", "/no/such/engine")
    with pytest.raises(EngineMissing):
        install()
