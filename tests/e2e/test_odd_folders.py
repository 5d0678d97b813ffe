"""apply where the names of folders are hard to write down, and where the terminal is not UTF-8."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.engine

ODD = "bö u\u0308 你🙂 \"q\" 'a' % # ; $HOME \\ & {x} [y] =,"
"""Umlauts composed and combining, Chinese, an emoji, and what shells, YAML, JSON and settings give a meaning to."""


def test_a_stack_lives_in_folders_of_any_name(repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "POSIX")
    monkeypatch.setenv("PYTHONUTF8", "0")
    monkeypatch.setenv("PYTHONCOERCECLOCALE", "0")
    repository.root = repository.root / ODD / "repository"
    repository.home = repository.home / ODD / "home"
    repository.home.mkdir(parents=True)
    # No shell gives this program its port.
    repository.write(command="python, -m, http.server, '{port}', --bind, 127.0.0.1, -d, $(ROHE_OUTBOX)")
    applied = repository.run("apply", "--yes", "-o", "json")
    assert applied.code == 0, applied.err
    tries, status = 20, repository.run("status", "--check", "-o", "json")
    while status.code == 7 and (tries := tries - 1):
        status = repository.run("status", "--check", "-o", "json")
    assert status.code == 0, status.out
    assert f"web-0 | Serving HTTP on 127.0.0.1 port {repository.first + 3}" in repository.run("logs", "service/web").out
    assert "No change" in repository.run("apply").out
    gone = repository.run("destroy", "--yes")
    assert gone.code == 0, gone.err
    assert [path.name for path in repository.folder.path.iterdir()] == ["history"]
    assert repository.processes() == {}


def test_a_folder_whose_name_is_no_text_is_refused_before_anything_is_done(repository: Any) -> None:
    repository.home = repository.home / "b\udcf6gen"
    repository.home.mkdir()
    refused = repository.run("apply", "--yes")
    assert refused.code == 64, refused.err
    assert "b\\udcf6gen" in refused.err
    assert "XDG_STATE_HOME" in refused.err
    assert list(repository.home.iterdir()) == []
