"""Provider: answers the engine's calls with a Resource each, and translates errors in one place."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2

from rohe_iac import __version__
from rohe_iac.deployment.ports import NOTE, WAITS
from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.manifest_document import ManifestDocument, read_document
from rohe_iac.targets.provider.lease import Lease
from rohe_iac.targets.provider.stack import ProvidedStack
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
        self._stack: ProvidedStack | None = None
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
        """Opens the stack of the provider's settings, as soon as no other provider serves it."""
        settings = json_format.MessageToDict(request.args)
        stack = _abort_on_error(context, lambda: ProvidedStack(settings, self._cancelled, _tell, _note))
        _abort_on_error(context, stack.permit.check_folder)
        self._lease = _abort_on_error(context, lambda: Lease.take(stack.folder))
        self._stack = stack
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
        document = _document(request.properties, context)
        properties = self._make(request, document, request.properties, context)
        return self._messages.CreateResponse(id=document.name, properties=properties)

    def Update(self, request: Any, context: Any) -> Any:
        """Makes a resource as its new manifest says, except in a preview."""
        properties = self._make(request, _document(request.news, context), request.news, context)
        return self._messages.UpdateResponse(properties=properties)

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
        _abort_on_error(context, lambda: self._opened_stack().remove(_kind(request.urn), document))
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """Ends every wait for a resource."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def _make(
        self, request: Any, document: ManifestDocument, inputs: struct_pb2.Struct, context: Any
    ) -> struct_pb2.Struct:
        """Makes a resource and returns its properties: its inputs, and what was found while it was made."""
        properties = struct_pb2.Struct()
        properties.CopyFrom(inputs)
        if not request.preview:
            _abort_on_error(context, lambda: self._opened_stack().permit.check(_text(inputs)))
            found = _abort_on_error(context, lambda: self._opened_stack().make(_kind(request.urn), document))
            properties.update({name: dict(value) for name, value in found.items() if value})
        return properties

    def _holds(self, urn: str, document: ManifestDocument, context: Any) -> bool:
        return bool(_abort_on_error(context, lambda: self._opened_stack().holds(_kind(urn), document)))

    def _difference(self, *, changed: bool, field: str = "") -> Any:
        response = self._messages.DiffResponse
        return response(
            changes=response.DIFF_SOME if changed else response.DIFF_NONE, diffs=[field] if changed and field else []
        )

    def _opened_stack(self) -> ProvidedStack:
        if self._stack is None:
            raise RoheError("the provider was not configured")
        return self._stack


def _abort_on_error(context: Any, action: Callable[[], Any]) -> Any:
    """Returns the result of `action`; an error aborts the call with a message for the user that runs apply."""
    try:
        return action()
    except RoheError as error:
        context.abort(grpc.StatusCode.UNKNOWN, "\n".join([error.brief, *error.detail.splitlines()]))
    except OSError as error:
        context.abort(grpc.StatusCode.UNKNOWN, f"{error.strerror}: {error.filename}")


def _tell(address: str, words: str) -> None:
    """Writes what a workload waits for to the standard error, whose lines the engine passes on to rohe."""
    sys.stderr.write(WAITS + json.dumps([address, words]) + "\n")
    sys.stderr.flush()


def _note(sentence: str) -> None:
    """Writes a sentence about the run there."""
    sys.stderr.write(f"{NOTE}{sentence}\n")
    sys.stderr.flush()


def _kind(urn: str) -> str:
    """Returns the engine's type of a resource."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _text(properties: struct_pb2.Struct) -> str:
    return str(properties.fields["manifest"].string_value) if "manifest" in properties.fields else ""


def _document(properties: struct_pb2.Struct, context: Any) -> ManifestDocument:
    document: ManifestDocument = _abort_on_error(context, lambda: read_document(_text(properties), _serial(properties)))
    return document


def _serial(properties: struct_pb2.Struct) -> int:
    return int(properties.fields["serial"].number_value) if "serial" in properties.fields else 0
