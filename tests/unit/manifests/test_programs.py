"""Where the programs of command lines are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

from rohe_iac.manifests.programs import places_searched, program_exists, search_path


def test_a_word_with_a_slash_is_a_path_and_another_is_looked_up(tmp_path: Path) -> None:
    (tmp_path / "run").touch(0o700)
    (tmp_path / "text").touch(0o600)
    assert program_exists("./run", tmp_path, "")
    assert program_exists("run", Path("/"), str(tmp_path))
    assert not program_exists("run", tmp_path, "/nowhere")
    assert not program_exists("./text", tmp_path, "")
    assert not program_exists("", tmp_path, "")
    assert places_searched("./run", tmp_path, "/bin") == f"looked in {tmp_path}"
    assert places_searched("run", tmp_path, "/bin") == "looked on PATH: /bin"


def test_the_interpreter_s_folder_comes_first_and_once() -> None:
    beside = str(Path(sys.executable).parent)
    assert search_path({"PATH": f"/bin:{beside}:/bin"}) == f"{beside}:/bin"
