"""Claims about the download of the engine; here the installer is a shell script."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rohe_iac.deployment.engine.download import download_engine
from rohe_iac.deployment.programs.cache import InstallFailed, download_home, silent


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def installer(text: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", text, "installer")


def test_a_download_that_works_is_kept_and_not_fetched_again(tmp_path: Path) -> None:
    works = installer(f'echo once >> {tmp_path / "calls"}; mkdir -p "$1/bin"; echo "$2" > "$1/bin/pulumi"')
    first = download_engine("3.0.0", silent, installer=works)
    assert download_engine("3.0.0", silent, installer=works) == first == download_home() / "3.0.0" / "bin" / "pulumi"
    assert first.read_text() == "3.0.0\n"
    assert (tmp_path / "calls").read_text() == "once\n"


def test_a_download_that_hangs_is_given_up_and_all_its_processes_are_ended(tmp_path: Path) -> None:
    hangs = installer(f"sleep 600 & echo $! > {tmp_path / 'pid'}; wait")
    with pytest.raises(InstallFailed, match=r"nothing arrived for 0\.5 s"):
        download_engine("3.0.0", silent, installer=hangs, patience=0.5)
    process = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    assert not process.exists() or process.read_text().split()[2] == "Z"
    assert [path.name for path in download_home().iterdir()] == [".lock"]


def test_a_download_that_fails_tells_the_last_thing_its_installer_said() -> None:
    fails = installer("echo one; echo the server is closed >&2; exit 7")
    with pytest.raises(InstallFailed, match="the server is closed"):
        download_engine("3.0.0", silent, installer=fails)


def test_an_installer_that_leaves_nothing_is_no_success() -> None:
    with pytest.raises(InstallFailed, match="no bin/pulumi"):
        download_engine("3.0.0", silent, installer=installer("true"))


def test_the_progress_counts_what_arrived(tmp_path: Path) -> None:
    lines: list[str] = []
    slow = installer('head -c 3000000 /dev/zero > "$TMPDIR/part"; sleep 1; mkdir "$1/bin"; touch "$1/bin/pulumi"')
    download_engine("3.0.0", lines.append, installer=slow)
    assert any("3.0 MB" in line for line in lines)
    assert not (download_home() / "3.0.0" / "tmp").exists()


def test_what_a_killed_installation_left_is_removed_by_the_next_one() -> None:
    left_over = download_home() / ".staging-dead"
    left_over.mkdir(parents=True)
    download_engine("3.0.0", silent, installer=installer('mkdir "$1/bin"; touch "$1/bin/pulumi"'))
    assert not left_over.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.platform
def test_the_lock_dies_with_its_holder() -> None:
    process = os.fork()
    if process == 0:
        download_engine("3.0.0", silent, installer=installer("kill -9 $PPID"))
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(process, 0)[1]) == 9
    download_engine("3.0.0", silent, installer=installer('mkdir "$1/bin"; touch "$1/bin/pulumi"'))
