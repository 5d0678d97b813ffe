"""`rohe doctor` and `rohe engine install` on a machine that lacks something."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.deployment.engine.find import Engine, EngineMissing
from rohe_iac.deployment.engine.plugin import EnginePlugin
from rohe_iac.deployment.programs.go_module import PULUMI
from rohe_iac.deployment.programs.search import ProgramOrigin
from rohe_iac.foundation.errors import RoheError
from rohe_iac.usecases.running import doctor
from rohe_iac.usecases.running.doctor import BrokerProgram, examine
from rohe_iac.usecases.running.engine_install import install


def no_broker() -> str:
    """Finds no broker."""
    raise RoheError("no broker", hint="install one")


NO_BROKERS = [BrokerProgram("nats", "3.1.1", no_broker, (), default=True)]


def test_what_is_missing_has_a_step_that_provides_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROHE_PULUMI", "/no/such/engine")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    checks = {check.name: check for check in examine(NO_BROKERS, (), lambda: ("no control groups", "apply as root"))}
    assert (checks["broker"].status, checks["broker"].found, checks["broker"].remedy) == (
        "missing",
        "no broker",
        "install one",
    )
    assert checks["engine"].status == "missing"
    assert checks["engine"].remedy
    assert checks["state folder"].status == "ok"
    limits = checks["limits"]
    assert (limits.status, limits.remedy) == ("missing", "apply as root")
    assert limits.found == "limits of services are not in force: no control groups"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("library", "engine", "status"),
    [("3.260.4", "3.260.0", "ok"), ("3.272.0", "3.272.0", "missing"), ("3.256.0", "3.260.0", "missing"),
     ("3.260.0", "3.259.9", "missing"), ("3.260.0", "3.276.1", "ok"), ("3.260.0", "", "ok")],
)  # fmt: skip
def test_a_library_that_does_not_fit_the_engine_is_reported_with_the_command_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, library: str, engine: str, status: str
) -> None:
    real = doctor.metadata.version
    monkeypatch.setattr(doctor.metadata, "version", lambda name: library if name == "pulumi" else real(name))
    found = EngineMissing("none") if not engine else Engine(Path("/bin/pulumi"), engine, ProgramOrigin.PATH)

    def find(**_: object) -> Engine:
        if isinstance(found, EngineMissing):
            raise found
        return found

    monkeypatch.setattr(doctor, "find_engine", find)
    check = {check.name: check for check in examine(NO_BROKERS, (), lambda: ("", ""))}["engine library"]
    assert (check.status, check.version) == (status, library)
    assert bool(check.remedy) is (status == "missing")


def test_the_provider_of_a_target_is_optional_and_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("XDG_CACHE_HOME", "PULUMI_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    plugin = EnginePlugin("kubernetes", "provider", "ROHE_PULUMI_CLOUD", PULUMI)
    check = {check.name: check for check in examine(NO_BROKERS, (plugin,), lambda: ("", ""))}["kubernetes provider"]
    assert (check.status, check.remedy) == ("absent", "")
    assert "rohe engine install --target kubernetes" in check.found


def test_an_engine_that_does_not_serve_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROHE_PULUMI", "/no/such/engine")
    with pytest.raises(EngineMissing):
        install()
