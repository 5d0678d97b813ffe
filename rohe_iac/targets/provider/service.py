"""The provider's answers to the engine: thin calls of a Resource, and trouble told in one way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2

from rohe_iac import __version__
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.local.documents import ManifestDocument, read_document
from rohe_iac.targets.local.resources import RESOURCES, Resource, Site
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.provider.lease import Lease
from rohe_iac.targets.provider.stubs import Stubs


def provider_class(stubs: Stubs) -> type[Any]:
    """The servicer's class; it derives from a generated one, which is imported only when a provider runs."""
    messages = stubs.provider

    class Provider(stubs.provider_grpc.ResourceProviderServicer):  # type: ignore[misc, name-defined]
        """Serves one stack; the engine starts one provider a run."""

        def __init__(self) -> None:
            self._cancelled = threading.Event()
            self._site: Site | None = None
            self._lease: Lease | None = None

        def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002
            return stubs.plugin.PluginInfo(version=__version__)

        def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: ARG002
            return messages.GetSchemaResponse(schema=_schema())

        def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002
            return messages.CheckResponse(inputs=request.news)

        def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002
            changed = request.olds != request.news
            return messages.DiffResponse(
                changes=messages.DiffResponse.DIFF_SOME if changed else messages.DiffResponse.DIFF_NONE
            )

        def Configure(self, request: Any, context: Any) -> Any:
            settings = dict(json_format.MessageToDict(request.args))
            folder = StackFolder(Path(settings["folder"]))
            layout = Layout(folder, Path(settings["root"]))
            self._lease = self._told(context, lambda: Lease.take(folder))
            self._site = Site(layout, cancelled=self._cancelled)
            return messages.ConfigureResponse(acceptSecrets=False, acceptResources=False, supportsPreview=True)

        def Check(self, request: Any, context: Any) -> Any:  # noqa: ARG002
            return messages.CheckResponse(inputs=request.news)

        def Diff(self, request: Any, context: Any) -> Any:
            document = _document(request.news)
            same = _text(request.olds) == _text(request.news)
            holds = same and self._told(context, lambda: self._resource(request.urn).holds(self._here(), document))
            return messages.DiffResponse(
                changes=messages.DiffResponse.DIFF_NONE if holds else messages.DiffResponse.DIFF_SOME,
                diffs=[] if holds else ["manifest"],
            )

        def Create(self, request: Any, context: Any) -> Any:
            document = _document(request.properties)
            if not request.preview:
                self._told(context, lambda: self._resource(request.urn).make(self._here(), document))
            return messages.CreateResponse(id=document.name, properties=request.properties)

        def Read(self, request: Any, context: Any) -> Any:
            if not _text(request.properties):
                return messages.ReadResponse()
            document = _document(request.properties)
            holds = self._told(context, lambda: self._resource(request.urn).holds(self._here(), document))
            if not holds:
                return messages.ReadResponse()
            return messages.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

        def Update(self, request: Any, context: Any) -> Any:
            document = _document(request.news)
            if not request.preview:
                self._told(context, lambda: self._resource(request.urn).make(self._here(), document))
            return messages.UpdateResponse(properties=request.news)

        def Delete(self, request: Any, context: Any) -> Any:
            document = _document(request.properties)
            self._told(context, lambda: self._resource(request.urn).remove(self._here(), document))
            return empty_pb2.Empty()

        def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002
            self._cancelled.set()
            return empty_pb2.Empty()

        def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ARG002
            return messages.ProviderHandshakeResponse()

        def _here(self) -> Site:
            if self._site is None:
                raise RoheError("the provider was not configured")
            return self._site

        def _resource(self, urn: str) -> Resource:
            return RESOURCES[urn.split("::")[2].rsplit("$", 1)[-1]]

        def _told(self, context: Any, action: Callable[[], Any]) -> Any:
            try:
                return action()
            except RoheError as error:
                lines = [error.brief, *error.detail.splitlines()]
                context.abort(grpc.StatusCode.UNKNOWN, "\n".join(lines))
            except OSError as error:
                context.abort(grpc.StatusCode.UNKNOWN, f"{error.strerror}: {error.filename}")

    return Provider


def _text(properties: struct_pb2.Struct) -> str:
    return str(properties.fields["manifest"].string_value) if "manifest" in properties.fields else ""


def _document(properties: struct_pb2.Struct) -> ManifestDocument:
    return read_document(_text(properties))


def _schema() -> str:
    import json

    return json.dumps({"name": "rohe", "version": __version__})
