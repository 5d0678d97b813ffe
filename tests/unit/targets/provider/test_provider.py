"""Claims about the provider: what it answers to the engine, one provider a stack, and its end with the engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pulumi  # noqa: F401 - with the SDK imported, its stubs are loaded as they are
import pytest
from google.protobuf import struct_pb2

from rohe_iac import __version__
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.local.target import LocalDeploymentTarget
from rohe_iac.targets.provider import main
from rohe_iac.targets.provider.lease import Lease, StillAtWork
from rohe_iac.targets.provider.service import provider_of
from rohe_iac.targets.provider.stubs import Stubs, load_stubs

URN = "urn:pulumi:desk::tests::rohe:secrets:Credential::credential-web"


BROKEN = "{kind: Credential, metadata: {name: credential-web}, spec: {}}"


@dataclass(frozen=True)
class _Text:
    """A manifest with nothing but its text."""

    text: str


class Aborted(Exception):
    """The end of a call, with its message."""


class _Context:
    """A gRPC context that raises what it is aborted with."""

    def abort(self, code: grpc.StatusCode, message: str) -> None:
        raise Aborted(message)


def _properties(publish: str = "a/b", kind: str = "Credential") -> struct_pb2.Struct:
    spec = {"client": "web", "publish": [publish], "subscribe": []}
    properties = struct_pb2.Struct()
    metadata = {"name": "credential-web", "stack": "desk"}
    properties.update({"manifest": json.dumps({"kind": kind, "metadata": metadata, "spec": spec})})
    return properties


@pytest.fixture
def stubs() -> Stubs:
    return load_stubs()


@pytest.fixture
def provider(stubs: Stubs, tmp_path: Path) -> Any:
    """Returns a provider that is configured for a stack below `tmp_path`."""
    settings = struct_pb2.Struct()
    settings.update({"folder": str(tmp_path / "stack"), "root": str(tmp_path)})
    texts = [*(_properties(publish)["manifest"] for publish in ("a/b", "c")), BROKEN]
    LocalDeploymentTarget(StackFolder(tmp_path / "stack"), tmp_path).permit([_Text(text) for text in texts])
    provider = provider_of(stubs)
    response = provider.Configure(stubs.provider.ConfigureRequest(args=settings), _Context())
    assert response.supportsPreview
    return provider


def test_what_rohe_does_not_implement_is_answered_by_the_generated_servicer(stubs: Stubs) -> None:
    provider = provider_of(stubs)
    assert isinstance(provider, stubs.provider_grpc.ResourceProviderServicer)
    assert provider.GetPluginInfo(None, _Context()).version == __version__
    assert json.loads(provider.GetSchema(None, _Context()).schema) == {"name": "rohe", "version": __version__}


def test_a_resource_is_made_once_changed_and_removed(provider: Any, stubs: Stubs, tmp_path: Path) -> None:
    messages, file = stubs.provider, tmp_path / "stack" / "credentials" / "web.json"
    created = provider.Create(messages.CreateRequest(urn=URN, properties=_properties()), _Context())
    assert created.id == "credential-web"
    password = json.loads(file.read_bytes())["password"]

    same = provider.Diff(messages.DiffRequest(urn=URN, olds=_properties(), news=_properties()), _Context())
    assert (same.changes, list(same.diffs)) == (messages.DiffResponse.DIFF_NONE, [])
    other = provider.Diff(messages.DiffRequest(urn=URN, olds=_properties(), news=_properties("c")), _Context())
    assert (other.changes, list(other.diffs)) == (messages.DiffResponse.DIFF_SOME, ["manifest"])

    provider.Update(messages.UpdateRequest(urn=URN, olds=_properties(), news=_properties("c")), _Context())
    assert json.loads(file.read_bytes())["password"] == password
    read = messages.ReadRequest(id="credential-web", urn=URN, properties=_properties("c"))
    assert provider.Read(read, _Context()).id == "credential-web"

    provider.Delete(messages.DeleteRequest(urn=URN, properties=_properties("c")), _Context())
    assert not file.exists()
    assert provider.Read(read, _Context()).id == ""


def test_a_resource_that_was_lost_differs_though_its_manifest_is_the_same(provider: Any, stubs: Stubs) -> None:
    request = stubs.provider.DiffRequest(urn=URN, olds=_properties(), news=_properties())
    assert provider.Diff(request, _Context()).changes == stubs.provider.DiffResponse.DIFF_SOME


def test_a_preview_makes_nothing(provider: Any, stubs: Stubs, tmp_path: Path) -> None:
    provider.Create(stubs.provider.CreateRequest(urn=URN, properties=_properties(), preview=True), _Context())
    assert not (tmp_path / "stack" / "credentials").exists()


def test_an_error_ends_the_call_with_its_brief_and_detail(provider: Any, stubs: Stubs) -> None:
    broken = struct_pb2.Struct()
    broken.update({"manifest": BROKEN})
    with pytest.raises(Aborted, match="lacks a field or has a wrong one\nthe field 'client' is missing"):
        provider.Create(stubs.provider.CreateRequest(urn=URN, properties=broken), _Context())


def test_a_provider_that_was_not_configured_makes_nothing(stubs: Stubs) -> None:
    with pytest.raises(Aborted, match="was not configured"):
        provider_of(stubs).Create(stubs.provider.CreateRequest(urn=URN, properties=_properties()), _Context())


def test_what_rohe_did_not_permit_is_not_made(provider: Any, stubs: Stubs, tmp_path: Path) -> None:
    with pytest.raises(Aborted, match="not of the plan"):
        provider.Create(stubs.provider.CreateRequest(urn=URN, properties=_properties("d")), _Context())
    with pytest.raises(Aborted, match="not of the plan"):
        provider.Update(stubs.provider.UpdateRequest(urn=URN, news=_properties("d")), _Context())
    assert not (tmp_path / "stack" / "credentials").exists()


@pytest.mark.parametrize("folder", ["absent", "open"])
def test_a_folder_that_is_not_of_rohe_is_not_opened(stubs: Stubs, tmp_path: Path, folder: str) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    settings = struct_pb2.Struct()
    settings.update({"folder": str(tmp_path / folder), "root": str(tmp_path)})
    with pytest.raises(Aborted, match="is no folder"):
        provider_of(stubs).Configure(stubs.provider.ConfigureRequest(args=settings), _Context())


def test_changed_settings_of_the_provider_are_a_difference(provider: Any, stubs: Stubs) -> None:
    request = stubs.provider.DiffRequest(olds=_properties(), news=_properties("c"))
    assert provider.DiffConfig(request, _Context()).changes == stubs.provider.DiffResponse.DIFF_SOME
    assert provider.CheckConfig(stubs.provider.CheckRequest(news=_properties()), _Context()).inputs == _properties()


def test_a_second_provider_of_a_stack_is_refused_while_the_first_one_lives(tmp_path: Path) -> None:
    lease = Lease.take(StackFolder(tmp_path / "stack"))
    with pytest.raises(StillAtWork):
        Lease.take(StackFolder(tmp_path / "stack"), patience=0.0)
    assert lease is not None


def test_the_executable_prints_its_port_and_ends_with_the_process_that_started_it() -> None:
    starter = (
        "import subprocess, sys;"
        f"process = subprocess.Popen([sys.executable, '-m', '{main.__name__}'], stdout=subprocess.PIPE, text=True);"
        "print(process.pid, process.stdout.readline().strip(), flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, port = (int(word) for word in parent.stdout.readline().split())
        descriptor = os.pidfd_open(pid)
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        grpc.channel_ready_future(channel).result(timeout=20)
        channel.close()
        parent.kill()
    import select

    assert select.select([descriptor], [], [], 20.0)[0]
