"""Claims about the build of the engine; here Go is a script, and `make engine` runs the real Go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rohe_iac.deployment.engine import build as engine_build
from rohe_iac.deployment.engine.build import MODULE, build_engine, build_folder, built_engine, engine_version
from rohe_iac.deployment.engine.cache import InstallFailed, build_home, silent
from rohe_iac.deployment.engine.go_toolchain import machine_go

VERSION = 'if [ "$1" = version ]; then echo go version go1.99.0 linux/amd64; exit 0; fi\n'
OUTPUT = 'while [ "$1" != -o ]; do shift; done; mkdir -p "$(dirname "$2")"; echo built > "$2"\n'


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the file of a script that stands for Go, first on PATH, and empties the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "go"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    script = folder / "go"
    script.write_text(f"#!/bin/sh\n{VERSION}{OUTPUT}")
    script.chmod(0o755)
    return script


def test_the_engine_is_built_once_and_kept(go: Path) -> None:
    path = build_engine(silent)
    assert path == built_engine()
    assert path.read_text() == "built\n"
    go.write_text("#!/bin/sh\nexit 1\n")
    assert build_engine(silent) == path


def test_two_builders_at_once_build_once(go: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    go.write_text(f"#!/bin/sh\n{VERSION}echo once >> {calls}; sleep 0.5\n{OUTPUT}")
    with ThreadPoolExecutor(2) as pool:
        paths = {future.result() for future in [pool.submit(build_engine, silent) for _ in range(2)]}
    assert paths == {built_engine()}
    assert calls.read_text() == "once\n"


def test_a_build_that_fails_tells_its_log_and_leaves_nothing_that_looks_built(go: Path) -> None:
    go.write_text(f"#!/bin/sh\n{VERSION}echo github.com/a/b >&2; echo no space left >&2; exit 1\n")
    with pytest.raises(InstallFailed) as raised:
        build_engine(silent)
    log = build_folder().with_suffix(".log")
    assert "no space left" in raised.value.detail
    assert str(log) in raised.value.detail
    assert "github.com/a/b" in log.read_text()
    assert sorted(path.name for path in build_home().iterdir()) == sorted([".lock", log.name])


def test_the_progress_counts_modules_and_packages(go: Path) -> None:
    go_output = "echo go: downloading x v1.0.0; echo runtime; echo fmt"
    go.write_text(f"#!/bin/sh\n{VERSION}({go_output}) >&2\n{OUTPUT}")
    lines: list[str] = []
    build_engine(lines.append)
    assert "1 modules fetched, 2 packages compiled" in lines[-1]


def test_a_go_that_refuses_the_module_is_not_used(go: Path) -> None:
    go.write_text("#!/bin/sh\necho go.mod requires a newer go >&2; exit 1\n")
    assert machine_go(MODULE) is None


def test_another_source_is_another_folder(go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build_folder()
    other = tmp_path / "module"
    other.mkdir()
    for name in ("go.mod", "go.sum", "tools.go"):
        (other / name).write_bytes((MODULE / name).read_bytes())
    monkeypatch.setattr(engine_build, "MODULE", other)
    assert build_folder() == before
    (other / "go.sum").write_text("")
    assert build_folder() != before


def test_the_version_is_the_one_that_the_go_module_requires() -> None:
    assert f"v{engine_version()}" in (MODULE / "go.mod").read_text()
