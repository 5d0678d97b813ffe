"""Nothing of a stack is readable by other users, and no secret is where others look, even with an open umask."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from pulumi import runtime  # noqa: F401 - imported before the umask is opened

from rohe_iac.deployment.run.outcome import Ending

pytestmark = pytest.mark.engine


@pytest.mark.usefixtures("open_umask")
def test_files_are_for_their_owner_and_passwords_are_neither_in_commands_nor_in_other_files(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_TOKEN", "hush-7654321")
    port, mqtt, nats = bench.port(), bench.port(), bench.port()
    web = bench.credential("web", ["a/b"], ["c"])
    manifests = [
        web,
        bench.broker(mqtt, nats, [web]),
        bench.process("web-0", port, needed=("credential-web",), secrets={"TOKEN": "env:CAMERA_TOKEN"}),
    ]
    assert bench.up(*manifests).ending is Ending.COMPLETE
    _check_modes(bench.folder.path)

    password = json.loads((bench.folder.credentials / "web.json").read_bytes())["password"]
    processes = bench.processes() | {bench.supervisor()}
    assert len(processes) == 3
    for pid in processes:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert password.encode() not in command
        assert b"hush-7654321" not in command
        environment = Path(f"/proc/{pid}/environ")
        assert stat.S_IMODE(environment.stat().st_mode) == 0o400
        assert password.encode() not in environment.read_bytes()
    holders = {str(path.relative_to(bench.folder.path)) for path in _files(bench) if password in _content(path)}
    assert holders == {"credentials/web.json", "run/broker/users.conf"}
    holders = {str(path.relative_to(bench.folder.path)) for path in _files(bench) if "hush-7654321" in _content(path)}
    assert holders == {"run/programs/web-0/program.json"}


@pytest.mark.usefixtures("open_umask")
def test_what_the_commands_write_is_for_its_owner_only(repository: Any) -> None:
    applied = repository.run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert repository.run("status").code in (0, 7)
    _check_modes(repository.home / "state")
    assert repository.run("destroy", "--yes").code == 0
    _check_modes(repository.home / "state")


def _check_modes(folder: Path) -> None:
    open_to_others = [
        f"{path}: {stat.S_IMODE(path.lstat().st_mode):04o}"
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    ]
    assert open_to_others == []


def _files(bench: Any) -> list[Path]:
    return [path for path in bench.folder.path.rglob("*") if path.is_file()]


def _content(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
