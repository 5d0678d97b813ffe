"""A program of this user or another that calls gRPC servers on loopback and tries to have each of them run a command.

For another user it is started as root, imports what that user may not read, and gives up root for good before its
first connection:
`intruder.py UID MARKER PORTS FOLDER [engine|TYPE]`. With `engine`, the services of the engine's own ports are called
too. With the type of a resource, a resource of that type is registered and nothing else is called; where the type ends
with `!`, the resource is a component. It prints a JSON line: a list of [service, call, outcome].
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import grpc
import pulumi  # noqa: F401 - the stubs are part of the SDK
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    events_pb2,
    events_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)


def main(uid: int, marker: str, ports: str, folder: str, way: str = "") -> None:
    """Tries every port of 127.0.0.1 as the user `uid`; a command that runs makes the file `marker`."""
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    outcomes = []
    for port in map(int, ports.split(",")):
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        try:
            grpc.channel_ready_future(channel).result(timeout=5)
        except grpc.FutureTimeoutError:
            continue
        for service, call, act in _attacks(channel, marker, folder, way):
            try:
                act()
                outcomes.append([service, call, "answered"])
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    outcomes.append([service, call, f"{error.code().name}: {error.details()}"])
        channel.close()
    print(json.dumps(outcomes), flush=True)


def _attacks(channel: grpc.Channel, marker: str, folder: str, way: str) -> list[tuple[str, str, Any]]:
    spec = {"command": ["touch", marker], "workingDirectory": ".", "startup": 1}
    metadata = {"name": "intruder-0", "stack": "desk", "address": "replica/desk:intruder/0"}
    properties = struct_pb2.Struct()
    properties.update(
        {"name": "intruder", "manifest": json.dumps({"kind": "Process", "metadata": metadata, "spec": spec})}
    )
    settings = struct_pb2.Struct()
    settings.update({"folder": folder, "root": "/"})
    urn = "urn:pulumi:desk::tests::rohe:local:Process::process-intruder-0"
    provider = provider_pb2_grpc.ResourceProviderStub(channel)
    monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
    language = language_pb2_grpc.LanguageRuntimeStub(channel)
    events = events_pb2_grpc.EventsStub(channel)
    engine = engine_pb2_grpc.EngineStub(channel)
    run = language_pb2.RunRequest(
        project="p", stack="s", monitor_address="127.0.0.1:1", args=["127.0.0.1:1"], parallel=1
    )
    event = events_pb2.EventRequest(event="{}")

    def register() -> None:
        configured = resource_pb2.RegisterResourceRequest(
            type="pulumi:providers:rohe", name="intruder", custom=True, object=settings
        )
        made = monitor.RegisterResource(configured, timeout=5)
        resource = resource_pb2.RegisterResourceRequest(
            type="rohe:local:Process", name="process-intruder-0", custom=True, object=properties,
            provider=f"{made.urn}::{made.id}",
        )  # fmt: skip
        monitor.RegisterResource(resource, timeout=5)

    def register_foreign() -> None:
        resource = resource_pb2.RegisterResourceRequest(
            type=way.rstrip("!"), name="intruder", custom=not way.endswith("!"), object=properties
        )
        monitor.RegisterResource(resource, timeout=5)

    if way not in ("", "engine"):
        return [("ResourceMonitor", "RegisterResource", register_foreign)]
    attacks = [
        ("ResourceProvider", "GetPluginInfo", lambda: provider.GetPluginInfo(empty_pb2.Empty(), timeout=5)),
        ("ResourceProvider", "Configure", lambda: provider.Configure(
            provider_pb2.ConfigureRequest(args=settings), timeout=5)),
        ("ResourceProvider", "Create", lambda: provider.Create(
            provider_pb2.CreateRequest(urn=urn, properties=properties), timeout=5)),
        ("ResourceProvider", "Delete", lambda: provider.Delete(
            provider_pb2.DeleteRequest(urn=urn, properties=properties), timeout=5)),
        ("LanguageRuntime", "Run", lambda: language.Run(run, timeout=5)),
        ("Events", "StreamEvents", lambda: events.StreamEvents(iter([event]), timeout=5)),
        ("ResourceMonitor", "RegisterResource", register),
        ("Engine", "Log", lambda: engine.Log(engine_pb2.LogRequest(message="hello from an intruder"), timeout=5)),
    ]  # fmt: skip
    return attacks if way else attacks[:-2]


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
