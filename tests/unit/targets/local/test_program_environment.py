"""Claims about the command, environment and files that a process is started with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.broker.documents import broker_of
from rohe_iac.targets.local.documents import process_of
from rohe_iac.targets.local.environment import CommandMissing, files_match, program_of, write_files
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.local.supervisor.program import ReadinessProbe, read_program
from rohe_iac.targets.manifest_document import UnreadableManifest, read_document
from rohe_iac.targets.named_secret import SecretMissing

OUTER = {"PATH": "/usr/bin:/bin", "HOME": "/home/someone", "SHELL": "/bin/fish", "TOKEN": "hush", "PULUMI_X": "1"}


def _text(**spec: Any) -> str:
    whole = {"command": ["python", "-m", "web"], **spec}
    metadata = {"name": "web-0", "stack": "digits", "address": "replica/digits:web/0"}
    return yaml.safe_dump({"kind": "Process", "metadata": metadata, "spec": whole})


def _layout(folder: Path) -> Layout:
    return Layout(StackFolder(folder / "stack"), folder)


def _program(folder: Path, outer: dict[str, str] | None = None, **spec: Any) -> Any:
    return program_of(process_of(read_document(_text(**spec))), _layout(folder), outer or OUTER)


def test_only_named_variables_come_from_outside_and_the_interpreter_comes_first_on_the_path(tmp_path: Path) -> None:
    program = _program(tmp_path, environment={"A": "1"})
    assert program.inherited["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert program.inherited["HOME"] == "/home/someone"
    assert not {"SHELL", "TOKEN", "PULUMI_X"} & (program.inherited.keys() | program.environment.keys())
    assert program.environment["A"] == "1"


def test_who_runs_apply_from_another_shell_does_not_change_the_program(tmp_path: Path) -> None:
    other = {**OUTER, "PATH": "/bin", "LANG": "C"}
    assert _program(tmp_path).digest == _program(tmp_path, other).digest


def test_paths_are_absolute_and_below_the_stack_s_folder(tmp_path: Path) -> None:
    program = _program(tmp_path, paths={"ROHE_OUTBOX": "outboxes/web-0"})
    assert program.environment["ROHE_OUTBOX"] == str(tmp_path / "stack" / "outboxes" / "web-0")


def test_a_secret_changes_the_program_s_digest_and_one_that_is_missing_is_named(tmp_path: Path) -> None:
    secret = {"secrets": {"KEY": "env:TOKEN"}}
    program = _program(tmp_path, **secret)
    assert program.environment["KEY"] == "hush"
    assert program.digest != _program(tmp_path, {**OUTER, "TOKEN": "other"}, **secret).digest
    with pytest.raises(SecretMissing, match="env:NO_SUCH is not there"):
        _program(tmp_path, secrets={"KEY": "env:NO_SUCH"})
    (tmp_path / "key").write_text("from a file\n")
    assert _program(tmp_path, secrets={"KEY": f"file:{tmp_path}/key"}).environment["KEY"] == "from a file"
    with pytest.raises(SecretMissing, match="cannot be read"):
        _program(tmp_path, secrets={"KEY": f"file:{tmp_path}/no-key"})


def test_a_command_line_is_given_variables_of_the_plan_and_no_secret(tmp_path: Path) -> None:
    command = [
        "python",
        "$(ROHE_PORT_HTTP)",
        "--out=$(ROHE_OUTBOX)/x",
        "$$(ROHE_PORT_HTTP)",
        "$(TOKEN)",
        "$(HOME)",
        "$$",
    ]
    program = _program(
        tmp_path,
        command=command,
        environment={"ROHE_PORT_HTTP": "8000"},
        paths={"ROHE_OUTBOX": "outboxes/web-0"},
        secrets={"TOKEN": "env:TOKEN"},
    )
    outbox = tmp_path / "stack" / "outboxes" / "web-0"
    assert program.argv == (
        "python", "8000", f"--out={outbox}/x", "$(ROHE_PORT_HTTP)", "$(TOKEN)", "$(HOME)", "$"
    )  # fmt: skip


def test_a_missing_command_or_folder_is_told_before_anything_is_touched(tmp_path: Path) -> None:
    with pytest.raises(CommandMissing, match="'no-such-command' does not exist"):
        _program(tmp_path, command=["no-such-command"])
    with pytest.raises(CommandMissing, match=r"'\./serve' does not exist"):
        _program(tmp_path, command=["./serve"])
    with pytest.raises(CommandMissing, match=r"working directory .*/nowhere does not exist"):
        _program(tmp_path, workingDirectory="nowhere")


def test_files_are_written_for_the_owner_and_a_change_of_them_is_another_program(tmp_path: Path) -> None:
    files = {"files": [{"name": "agent.json", "content": "{}"}]}
    process, layout = process_of(read_document(_text(**files))), _layout(tmp_path)
    layout.ensure()
    assert not files_match(process, layout)
    write_files(process, layout)
    assert files_match(process, layout)
    assert _program(tmp_path, **files).digest != _program(tmp_path).digest


def test_a_program_reads_back_as_it_was_written(tmp_path: Path) -> None:
    program = _program(
        tmp_path, ports={"http": 1234}, readiness={"http": {"path": "/healthz", "port": "http"}}, limits={"cpu": 500}
    )
    assert program.probe == ReadinessProbe(1234, "/healthz")
    program.write(tmp_path / "web-0", (), ())
    assert read_program(tmp_path / "web-0") == program
    assert read_program(tmp_path / "web-0").digest == program.digest
    assert read_program(tmp_path / "no-such") is None


def test_a_probe_by_tcp_names_a_port(tmp_path: Path) -> None:
    assert _program(tmp_path, ports={"rpc": 99}, readiness={"tcp": "rpc"}).probe == ReadinessProbe(99)


@pytest.mark.parametrize("text", ["", "[]", "kind: Process", "{kind: Process, metadata: {}}", "a: b: c"])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(UnreadableManifest):
        read_document(text)


def test_a_broker_without_its_ports_is_refused() -> None:
    document = read_document("{kind: Broker, metadata: {name: broker}, spec: {ports: {mqtt: 1}, users: []}}")
    with pytest.raises(UnreadableManifest, match="lacks a field"):
        broker_of(document)


def test_secrets_with_many_variables_count_less_than_all_others(tmp_path: Path) -> None:
    (tmp_path / "one.env").write_text("A=1\nB=1\nC=1\n")
    (tmp_path / "two.env").write_text("B=2\nC=2\n")
    sources = [f"file:{tmp_path}/one.env", f"file:{tmp_path}/two.env"]
    program = _program(tmp_path, variables=sources, environment={"C": "3"})
    assert {name: program.environment[name] for name in "ABC"} == {"A": "1", "B": "2", "C": "3"}
    process = process_of(read_document(_text(variables=sources, environment={"C": "3"})))
    (tmp_path / "two.env").unlink()
    assert program_of(process, _layout(tmp_path), OUTER, program).environment == program.environment
    (tmp_path / "one.env").write_text("A=1\nhush\n")
    with pytest.raises(SecretMissing, match=r"line 2 of the secret file:\S+ is not NAME=VALUE") as caught:
        program_of(process, _layout(tmp_path), OUTER)
    assert "hush" not in str(caught.value.detail)


def test_a_step_has_the_variables_of_its_process_with_its_own_in_their_place(tmp_path: Path) -> None:
    step = {
        "name": "fetch",
        "command": ["sh", "$(A)", "$(B)", "$(KEY)"],
        "environment": {"B": "2"},
        "secrets": {"KEY": "env:TOKEN"},
    }
    program = _program(tmp_path, environment={"A": "1", "B": "1"}, preparations=[step])
    (found,) = program.preparations
    assert found.argv == ("sh", "1", "2", "$(KEY)"), "a secret is no part of a command line"
    assert (found.environment["A"], found.environment["B"], found.environment["KEY"]) == ("1", "2", "hush")
    assert "KEY" not in program.environment
    program.write(tmp_path, (), ())
    assert read_program(tmp_path) == program
    with pytest.raises(CommandMissing, match="its command 'no-such-program' does not exist"):
        _program(tmp_path, preparations=[{**step, "command": ["no-such-program"]}])
    with pytest.raises(CommandMissing, match="its device /dev/no-such does not exist"):
        _program(tmp_path, devices=["/dev/no-such"])


@pytest.mark.parametrize("step", [{}, {"name": "fetch"}, {"command": ["a"]}, "fetch"])
def test_a_step_that_is_none_is_refused(step: object) -> None:
    with pytest.raises(UnreadableManifest):
        process_of(read_document(_text(preparations=[step])))
