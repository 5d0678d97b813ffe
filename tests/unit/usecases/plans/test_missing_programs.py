"""Programs that a plan needs and that are not on this machine."""

from __future__ import annotations

from pathlib import Path

from one_node import write_repository

from rohe_iac.usecases.plans.missing_programs import CODE
from rohe_iac.usecases.plans.plan import make_plan

SERVICES = """
    - {name: ours, command: [python]}
    - {name: own-path, command: [tool], env: {PATH: FOLDER}}
    - {name: absent, command: [no-such-program, "{port}"], ports: [{name: http}], replicas: 2}
    - {name: script, command: [./serve.sh], workingDir: services}
    - {name: referred, command: ["$(PROGRAM)"], env: {PROGRAM: x}}
    - name: vote
      command: [python]
      ensemble: {members: [{name: a}, {name: b, command: [no-such-voter]}]}
"""


def repository(folder: Path, target: str) -> Path:
    """A blueprint whose services have programs of every kind."""
    for name in ("services", "tools"):
        (folder / name).mkdir()
    (folder / "tools" / "tool").touch(0o700)
    (folder / "services" / "serve.sh").touch(0o600)
    return write_repository(folder, SERVICES.replace("FOLDER", str(folder / "tools")), target)


def test_each_program_that_is_not_here_is_named_once_with_its_place(tmp_path: Path) -> None:
    planned = make_plan(repository(tmp_path, "target: {local: {}}"))
    assert [(item.code, item.place.line, item.message) for item in planned.warnings] == [
        (CODE, 15, "the program 'no-such-program' of service 'absent' is not on PATH on this machine"),
        (CODE, 16, "the program './serve.sh' of service 'script' is not in services on this machine"),
        (CODE, 18, "the program 'no-such-voter' of service 'vote' is not on PATH on this machine"),
    ]


def test_programs_of_images_are_not_looked_for(tmp_path: Path) -> None:
    assert make_plan(repository(tmp_path, "target: {manifests: {directory: out}}")).warnings == ()
