"""Claims about documents: no name, path or topic of a manifest leaves the stack's folder or a line of settings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.targets.broker.documents import broker_of, credential_of
from rohe_iac.targets.local.documents import process_of
from rohe_iac.targets.manifest_document import UnreadableManifest, read_document

NAMES = ["../web", "/etc/cron.d/web", "a/b", ".", "..", "", "web\nuser root", "web\0", "web;id", "$(id)", "%(here)s",
         "Web", "x" * 64, "ünï", None, 7, ["web"]]  # fmt: skip


def _text(kind: str, spec: Any, name: Any = "web-0") -> str:
    return json.dumps({"kind": kind, "metadata": {"name": name, "stack": "desk"}, "spec": spec})


def _process(**changes: Any) -> Any:
    return process_of(read_document(_text("Process", {"command": ["true"], **changes})))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_is_refused_in_every_document(name: Any) -> None:
    with pytest.raises(UnreadableManifest, match="manifest"):
        read_document(_text("Process", {}, name))
    with pytest.raises(UnreadableManifest, match="lacks a field or has a wrong one"):
        credential_of(read_document(_text("Credential", {"client": name, "publish": [], "subscribe": []})))


@pytest.mark.parametrize("topic", ["a\ntopic readwrite #", "a\r", "a\0", 7, None])
def test_a_topic_cannot_begin_another_line_of_settings(topic: Any) -> None:
    for grants in ({"publish": [topic], "subscribe": []}, {"publish": [], "subscribe": [topic]}):
        with pytest.raises(UnreadableManifest):
            credential_of(read_document(_text("Credential", {"client": "web", **grants})))


@pytest.mark.parametrize("path", ["/etc/passwd", "../../other/credentials/web.json", "a/../../b", "a\0b", 7])
def test_a_path_stays_inside_the_stack_s_folder(path: Any) -> None:
    with pytest.raises(UnreadableManifest):
        _process(paths={"ROHE_STORE": path})


@pytest.mark.parametrize("name", ["../program.json", "/tmp/x", "a/b", ".", "..", ".hidden", "", "a\nb", None])
def test_a_file_stays_in_the_folder_of_its_process(name: Any) -> None:
    with pytest.raises(UnreadableManifest):
        _process(files=[{"name": name, "content": "x"}])


def test_what_rohe_renders_is_read() -> None:
    process = _process(paths={"ROHE_OUTBOX": "outboxes/web-0"}, files=[{"name": "agent.json", "content": "{}"}])
    assert (process.paths, process.files) == ({"ROHE_OUTBOX": "outboxes/web-0"}, {"agent.json": "{}"})


@pytest.mark.parametrize("server", ["apache", "", 7, ["nats"]])
def test_a_server_that_is_not_known_is_refused(server: Any) -> None:
    spec = {"ports": {"mqtt": 1, "nats": 2}, "users": [], "server": server}
    with pytest.raises(UnreadableManifest):
        broker_of(read_document(_text("Broker", spec)))


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [id]",
        "{kind: Process, metadata: {name: !!python/name:os.system }}",
        "[" * 5000,
        "a: &a [*a, *a]",
        "--- {}\n--- {}",
        "\0",
    ],
)
def test_yaml_that_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(UnreadableManifest):
        read_document(text)


def test_what_a_process_is_not_limited_in_is_read() -> None:
    assert _process().unenforced == ()
    assert _process(unenforced=["gpu memory", "disk"]).unenforced == ("gpu memory", "disk")
