"""Claims about the search for an engine; here an engine is a script that prints a version."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.deployment.engine import find as finding
from rohe_iac.deployment.engine.find import EngineMissing, engine_version, find_engine, fits
from rohe_iac.deployment.programs.cache import InstallFailed, download_home
from rohe_iac.deployment.programs.go_module import PULUMI, GoModule
from rohe_iac.deployment.programs.search import ProgramOrigin
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.foundation.settings import InvalidSettings


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def built(module: GoModule, progress: object) -> Path:
    """Stands for the build: leaves an engine in the cache and returns its folder."""
    return script(module.executable("pulumi"), f"echo v{module.version}").parent


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets up a machine without an engine, settings and cache, with the system's programs on PATH."""
    monkeypatch.delenv("ROHE_PULUMI", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("ROHE_OFFLINE", "1")


def test_the_engine_that_the_environment_names_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = script(tmp_path / "named", f"echo v{engine_version()}")
    script(tmp_path / "path" / "pulumi", f"echo v{engine_version()}")
    monkeypatch.setenv("ROHE_PULUMI", str(named))
    found = find_engine()
    assert (found.path, found.version, found.origin) == (named, engine_version(), ProgramOrigin.ENVIRONMENT)


def test_the_engine_of_the_settings_comes_before_the_one_on_path(tmp_path: Path) -> None:
    named = script(tmp_path / "named", f"echo v{engine_version()}")
    script(tmp_path / "path" / "pulumi", f"echo v{engine_version()}")
    (tmp_path / "config" / "rohe").mkdir(parents=True)
    (tmp_path / "config" / "rohe" / "settings.toml").write_text(f'[engine]\npulumi = "{named}"\n')
    assert find_engine().origin is ProgramOrigin.SETTINGS


@pytest.mark.parametrize("text", ["[engine\n", "engine = 3\n", "[engine]\npulumi = 3\n"])
def test_settings_that_cannot_be_read_are_told_with_their_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "config" / "rohe").mkdir(parents=True)
    (tmp_path / "config" / "rohe" / "settings.toml").write_text(text)
    with pytest.raises(InvalidSettings, match=r"settings\.toml"):
        find_engine()


@pytest.mark.parametrize("text", ["exit 3", "echo hello", "echo v2.9.9", "echo v4.0.0", "echo v3.1.0"])
def test_a_named_engine_that_does_not_serve_is_an_error_and_never_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    script(tmp_path / "path" / "pulumi", f"echo v{engine_version()}")
    monkeypatch.setenv("ROHE_PULUMI", str(script(tmp_path / "named", text)))
    with pytest.raises(EngineMissing) as raised:
        find_engine()
    assert raised.value.exit_code is ExitCode.UNREACHABLE
    assert "ROHE_PULUMI" in raised.value.brief
    assert str(tmp_path / "named") in raised.value.detail


def test_an_old_engine_on_path_is_passed_over_for_one_in_the_cache(tmp_path: Path) -> None:
    script(tmp_path / "path" / "pulumi", "echo v3.1.0")
    kept = script(download_home() / engine_version() / "bin" / "pulumi", f"echo v{engine_version()}")
    found = find_engine()
    assert (found.path, found.origin) == (kept, ProgramOrigin.CACHE)


def test_a_newer_engine_of_the_same_major_number_serves() -> None:
    major, minor, _ = engine_version().split(".")
    assert fits(f"{major}.{int(minor) + 1}.0")
    assert not fits(f"{int(major) + 1}.0.0")
    assert not fits("nonsense")


def test_with_no_engine_the_error_names_the_command_that_installs_one() -> None:
    with pytest.raises(EngineMissing) as raised:
        find_engine(install=False)
    assert raised.value.exit_code is ExitCode.UNREACHABLE
    assert "rohe engine install" in raised.value.hint


def test_offline_the_download_is_skipped_and_every_way_that_was_tried_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_build(module: GoModule, progress: object) -> Path:
        raise InstallFailed("the build with Go failed", detail="the whole log is build.log")

    def no_download(version: str, progress: object) -> Path:
        raise AssertionError("nothing may be downloaded")

    monkeypatch.setattr(finding, "build", no_build)
    monkeypatch.setattr(finding, "download_engine", no_download)
    with pytest.raises(EngineMissing) as raised:
        find_engine()
    assert "skipped, as ROHE_OFFLINE=1 says" in raised.value.detail
    assert "the whole log is build.log" in raised.value.detail


def test_where_the_download_fails_the_engine_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_download(version: str, progress: object) -> Path:
        raise InstallFailed("nothing arrived for 15 s")

    monkeypatch.delenv("ROHE_OFFLINE")
    monkeypatch.setattr(finding, "download_engine", no_download)
    monkeypatch.setattr(finding, "build", built)
    assert find_engine().origin is ProgramOrigin.BUILD
    assert find_engine().origin is ProgramOrigin.CACHE


def test_a_damaged_engine_in_the_cache_is_removed_and_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    PULUMI.executable("pulumi").parent.mkdir(parents=True)
    PULUMI.executable("pulumi").write_bytes(b"half of a program")

    def build_anew(module: GoModule, progress: object) -> Path:
        assert not module.folder.exists()
        return built(module, progress)

    monkeypatch.setattr(finding, "build", build_anew)
    assert find_engine().origin is ProgramOrigin.BUILD
