"""A stack whose record was damaged: every command says what helps, and destroy is what helps."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.platform]


def test_a_stack_is_destroyed_without_a_readable_record(repository: Any) -> None:
    repository.write(protect="service/web")
    applied = repository.run("apply", "--yes")
    assert applied.code == 0, applied.err

    for content in ("null", "[" * 100_000, '{"serial": Infinity}'):
        repository.folder.record.write_text(content)
        refused = repository.run("status")
        assert refused.code == 6
        assert "`rohe destroy` removes the stack without it" in " ".join(refused.err.split())
        assert "NoneType" not in refused.err
    refused = repository.run("destroy", "--yes")
    assert refused.code == 5, refused.err
    assert "protected is what record 1 of the history protects" in " ".join(refused.err.lower().split())
    assert repository.processes()

    for file in repository.folder.history.iterdir():
        file.write_text("{}")
    destroyed = repository.run("destroy", "--yes")
    assert destroyed.code == 0, destroyed.err
    assert "which parts are protected is not known" in " ".join(destroyed.err.split())
    assert (repository.supervisors(), repository.processes()) == ([], {})
    assert sorted(path.name for path in repository.folder.path.iterdir()) == ["history"]

    assert repository.run("destroy", "--yes").code == 0
