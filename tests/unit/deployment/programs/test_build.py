"""Claims about building programs; here Go is a script, and `make engine` and `make cluster` run the real Go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.deployment.programs.build import build
from rohe_iac.deployment.programs.cache import InstallFailed, build_home, silent
from rohe_iac.deployment.programs.go_module import PULUMI, GoModule
from rohe_iac.deployment.programs.go_toolchain import machine_go
from rohe_iac.targets.kubernetes.provider import PROVIDER
from rohe_iac.trial_cluster.modules import KINE, KUBERNETES, KWOK

MODULES = (PULUMI, PROVIDER.module, KUBERNETES, KINE, KWOK)
VERSION = 'if [ "$1" = version ]; then echo go version go1.99.0 linux/amd64; exit 0; fi\n'
OUTPUT = 'while [ "$1" != -o ]; do shift; done; mkdir -p "$(dirname "$2")"; echo built "$3" > "$2"\n'


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


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_is_built_once_and_kept(go: Path, module: GoModule) -> None:
    assert not module.built
    folder = build(module, silent)
    built = {path.name: path.read_text() for path in folder.iterdir()}
    assert built == {name: f"built {package}\n" for name, package in module.packages.items()}
    assert module.built
    go.write_text("#!/bin/sh\nexit 1\n")
    assert build(module, silent) == folder


def test_two_builders_at_once_build_once(go: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    go.write_text(f"#!/bin/sh\n{VERSION}echo once >> {calls}; sleep 0.5\n{OUTPUT}")
    with ThreadPoolExecutor(2) as pool:
        folders = {future.result() for future in [pool.submit(build, PULUMI, silent) for _ in range(2)]}
    assert folders == {PULUMI.folder / "bin"}
    assert calls.read_text() == "once\n"


def test_a_build_that_fails_tells_its_log_and_leaves_nothing_that_looks_built(go: Path) -> None:
    go.write_text(f"#!/bin/sh\n{VERSION}echo github.com/a/b >&2; echo no space left >&2; exit 1\n")
    with pytest.raises(InstallFailed) as raised:
        build(PULUMI, silent)
    log = PULUMI.folder.with_suffix(".log")
    assert "no space left" in raised.value.detail
    assert str(log) in raised.value.detail
    assert "github.com/a/b" in log.read_text()
    assert sorted(path.name for path in build_home().iterdir()) == sorted([".lock", log.name])


def test_a_module_of_several_executables_is_whole_or_absent(go: Path) -> None:
    go.write_text(f'#!/bin/sh\n{VERSION}case "$*" in *kubelet) exit 1;; esac\n{OUTPUT}')
    with pytest.raises(InstallFailed):
        build(KUBERNETES, silent)
    assert not KUBERNETES.folder.exists()


def test_the_progress_names_the_program_and_counts_modules_and_packages(go: Path) -> None:
    go_output = "echo go: downloading x v1.0.0; echo runtime; echo fmt"
    go.write_text(f"#!/bin/sh\n{VERSION}({go_output}) >&2\n{OUTPUT}")
    lines: list[str] = []
    build(KINE, lines.append)
    assert f"building kine {KINE.version}: 1 modules fetched, 2 packages compiled" in lines[-1]


def test_a_go_that_refuses_the_module_is_not_used(go: Path) -> None:
    go.write_text("#!/bin/sh\necho go.mod requires a newer go >&2; exit 1\n")
    assert machine_go(PULUMI.path) is None


def test_another_source_is_another_folder(go: Path, tmp_path: Path) -> None:
    other = tmp_path / "module"
    other.mkdir()
    for path in PROVIDER.module.files:
        (other / path.name).write_bytes(path.read_bytes())
    copy = replace(PROVIDER.module, sources=other)
    before = copy.folder
    assert before == PROVIDER.module.folder
    (other / "main.go").write_text("package main\n")
    assert copy.folder != before


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_version_is_the_one_that_the_go_module_requires(module: GoModule) -> None:
    assert f"{module.requirement} v{module.version}" in (module.path / "go.mod").read_text()


def test_the_version_is_linked_into_programs_that_print_it() -> None:
    assert f"version.gitVersion=v{KUBERNETES.version}" in KUBERNETES.linker_flags
    assert f"version.gitMinor={KUBERNETES.version.split('.')[1]} " in KUBERNETES.linker_flags + " "
    assert PROVIDER.module.linker_flags == f"-s -w -X main.version={PROVIDER.module.version}"
