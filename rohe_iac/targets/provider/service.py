"""Provider: answers the engine's calls with a Resource each, and translates errors in one place."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2

from rohe_iac import __version__
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.targets.local.resources import RESOURCES, Resource, Site
from rohe_iac.targets.local.stack_folder import Layout
from rohe_iac.targets.manifest_document import ManifestDocument, read_document
from rohe_iac.targets.provider.lease import Lease
from rohe_iac.targets.provider.stubs import Stubs


def provider_of(stubs: Stubs) -> Any:
    """Returns a provider that gRPC can serve.

    Its class derives from the generated servicer too, which answers the calls that rohe does not implement. The class
    is made here because the stubs are imported only when a provider runs.

    Args:
        stubs: The generated modules.
    """
    servicer = stubs.provider_grpc.ResourceProviderServicer
    return type("ServedProvider", (Provider, servicer), {})(stubs)


class Provider:
    """Serves one stack to the engine, which starts one provider a run.

    The methods in camel case are those of the gRPC service ResourceProvider; `request` is the call's message and
    `context` its gRPC context. Every document becomes one resource, whose only input is the manifest's text.
    """

    def __init__(self, stubs: Stubs) -> None:
        self._plugin = stubs.plugin
        self._messages = stubs.provider
        self._cancelled = threading.Event()
        self._site: Site | None = None
        self._lease: Lease | None = None

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Accepts the engine."""
        return self._messages.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Returns the provider's version."""
        return self._plugin.PluginInfo(version=__version__)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Returns a schema with the provider's name and version."""
        return self._messages.GetSchemaResponse(schema=json.dumps({"name": "rohe", "version": __version__}))

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Accepts the provider's settings as they are."""
        return self._messages.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Returns whether the provider's settings changed."""
        return self._difference(changed=request.olds != request.news)

    def Configure(self, request: Any, context: Any) -> Any:
        """Opens the stack of the provider's settings `folder` and `root`, as soon as no other provider serves it."""
        folder, root = _abort_on_error(context, lambda: _places(json_format.MessageToDict(request.args)))
        site = Site(Layout(folder, root), cancelled=self._cancelled)
        _abort_on_error(context, site.permit.check_folder)
        self._lease = _abort_on_error(context, lambda: Lease.take(folder))
        self._site = site
        return self._messages.ConfigureResponse(acceptSecrets=False, acceptResources=False, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Accepts a resource's inputs as they are; reading the manifest checks them."""
        return self._messages.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        """Returns whether a resource's manifest changed, or the resource itself is not as its manifest says."""
        document = _document(request.news, context)
        same = _text(request.olds) == _text(request.news) and self._holds(request.urn, document, context)
        return self._difference(changed=not same, field="manifest")

    def Create(self, request: Any, context: Any) -> Any:
        """Makes a resource, except in a preview."""
        document = self._make(request, request.properties, context)
        return self._messages.CreateResponse(id=document.name, properties=request.properties)

    def Update(self, request: Any, context: Any) -> Any:
        """Makes a resource as its new manifest says, except in a preview."""
        self._make(request, request.news, context)
        return self._messages.UpdateResponse(properties=request.news)

    def Read(self, request: Any, context: Any) -> Any:
        """Returns a resource's properties, or nothing where the resource is not as its manifest says."""
        if not _text(request.properties) or not self._holds(
            request.urn, _document(request.properties, context), context
        ):
            return self._messages.ReadResponse()
        return self._messages.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: Any, context: Any) -> Any:
        """Removes a resource."""
        document = _document(request.properties, context)
        _abort_on_error(context, lambda: _resource(request.urn).remove(self._opened_site(), document))
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Ends every wait for a resource."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def _make(self, request: Any, properties: struct_pb2.Struct, context: Any) -> ManifestDocument:
        document = _document(properties, context)
        if not request.preview:
            _abort_on_error(context, lambda: self._opened_site().permit.check(_text(properties)))
            _abort_on_error(context, lambda: _resource(request.urn).make(self._opened_site(), document))
        return document

    def _holds(self, urn: str, document: ManifestDocument, context: Any) -> bool:
        return bool(_abort_on_error(context, lambda: _resource(urn).holds(self._opened_site(), document)))

    def _difference(self, *, changed: bool, field: str = "") -> Any:
        response = self._messages.DiffResponse
        return response(
            changes=response.DIFF_SOME if changed else response.DIFF_NONE, diffs=[field] if changed and field else []
        )

    def _opened_site(self) -> Site:
        if self._site is None:
            raise RoheError("the provider was not configured")
        return self._site


def _abort_on_error(context: Any, action: Callable[[], Any]) -> Any:
    """Returns the result of `action`; an error aborts the call with a message for the user that runs apply."""
    try:
        return action()
    except RoheError as error:
        context.abort(grpc.StatusCode.UNKNOWN, "\n".join([error.brief, *error.detail.splitlines()]))
    except OSError as error:
        context.abort(grpc.StatusCode.UNKNOWN, f"{error.strerror}: {error.filename}")


def _places(settings: dict[str, object]) -> tuple[StackFolder, Path]:
    """Returns the folder of the stack and the blueprint's, of the provider's settings."""
    folder, root = settings.get("folder"), settings.get("root")
    if not isinstance(folder, str) or not isinstance(root, str):
        # The engine makes such a provider by itself for a resource that was registered without one.
        raise RoheError("a resource that is not of a plan of rohe was refused")
    return StackFolder(Path(folder)), Path(root)


def _resource(urn: str) -> Resource:
    kind = urn.split("::")[2].rsplit("$", 1)[-1]
    if kind not in RESOURCES:
        raise RoheError(f"a resource of the type {kind}, which no plan of rohe has, was refused")
    return RESOURCES[kind]


def _text(properties: struct_pb2.Struct) -> str:
    return str(properties.fields["manifest"].string_value) if "manifest" in properties.fields else ""


def _document(properties: struct_pb2.Struct, context: Any) -> ManifestDocument:
    document: ManifestDocument = _abort_on_error(context, lambda: read_document(_text(properties)))
    return document
