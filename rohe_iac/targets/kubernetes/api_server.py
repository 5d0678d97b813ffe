"""API server: objects of any kind read, listed, applied and deleted by their paths, as plain JSON values.

lightkube knows classes of objects; a stack may have objects of kinds that no class is for, such as those of a user's
own templates. Connection, credentials and errors are lightkube's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx2
from lightkube import Client
from lightkube.config.client_adapter import ConnectionParams

from rohe_iac.targets.kubernetes.cluster import (
    FIELD_MANAGER,
    TIMEOUT,
    ClusterUnreachable,
    ObjectRefused,
    cluster_errors,
)
from rohe_iac.targets.kubernetes.object import ClusterObject, Key

DISCOVERY = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
)
"""Asks for all kinds of an API in one answer (Kubernetes, "Aggregated Discovery"; v2beta1 before 1.30)."""

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Asks for the metadata of a list's objects alone, so that no value of a Secret is sent."""

OBJECT_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Asks for the metadata of one object alone."""

PAGE = 500
"""Objects of one answer to a list."""

OVERLOADED = 429
"""What the API server answers when it has too much to do; the header Retry-After says for how many seconds."""

MAX_SILENCE = 30.0
"""Seconds without a byte after which the connection of a text that is followed counts as lost."""

TRIES = 5
"""How often a request is sent that the server is too busy for."""


class SilentConnection(ClusterUnreachable):
    """Nothing came over a connection for so long that it counts as lost."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of objects that the cluster knows.

    Attributes:
        api_version: Group and version, such as apps/v1.
        kind: Its name, such as Deployment.
        plural: Its name in paths, such as deployments.
        namespaced: Whether its objects are in a namespace.
        verbs: What can be done with its objects, such as list and delete.
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]

    def path(self, namespace: str, name: str = "") -> str:
        """Returns the path of an object, or of all objects of a namespace where the name is empty."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{place}/{self.plural}" + (f"/{name}" if name else "")


class ApiServer:
    """The API server of one cluster."""

    def __init__(self, client: Client, *, timeout: float = TIMEOUT, tries: int = TRIES) -> None:
        """Opens the connection of `client` for plain requests; nothing is asked of the server yet.

        Args:
            client: Its configuration has the address and the credentials.
            timeout: Seconds that the server may be silent for.
            tries: How often a request is sent that the server is too busy for.
        """
        self._client, self._tries = client, tries
        parameters = ConnectionParams(timeout=httpx2.Timeout(timeout)).httpx_params(client.config)
        self._http = httpx2.Client(**parameters)

    @cached_property
    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        """Returns every kind of the cluster by its group and version and its name."""
        found: dict[tuple[str, str], Kind] = {}
        for root in ("/api", "/apis"):
            groups = self._send("GET", root, accept=DISCOVERY)
            with cluster_errors(self._client):
                found |= _kinds_of(groups)
        return found

    def get(self, key: Key) -> ClusterObject | None:
        """Returns an object by its key, None where it is absent."""
        api_version, kind, namespace, name = key
        found = self.kinds.get((api_version, kind))
        return self.get_of(found, namespace, name) if found is not None else None

    def get_of(self, kind: Kind, namespace: str, name: str, *, metadata: bool = False) -> ClusterObject | None:
        """Returns an object of a kind, None where it is absent.

        Args:
            kind: The kind.
            namespace: The namespace, "" for a kind that is in none.
            name: Name of the object.
            metadata: Whether only metadata is asked for.
        """
        accept = OBJECT_METADATA if metadata else ""
        try:
            item = self._send("GET", kind.path(namespace, name), accept=accept)
            return ClusterObject({**item, "apiVersion": kind.api_version, "kind": kind.kind})
        except ObjectRefused as error:
            if error.code == httpx2.codes.NOT_FOUND:
                return None
            raise

    def list(
        self, kind: Kind, namespace: str, selector: str = "", *, fields: str = "", metadata: bool = False
    ) -> Iterator[ClusterObject]:
        """Yields the objects of a kind in a namespace, in all where it is "" or the kind is in none.

        Args:
            kind: The kind.
            namespace: The namespace.
            selector: A label selector.
            fields: A field selector.
            metadata: Whether only metadata is asked for.
        """
        query = {"limit": str(PAGE), "labelSelector": selector, "fieldSelector": fields}
        while True:
            answer = self._send("GET", kind.path(namespace), query, accept=METADATA if metadata else "")
            with cluster_errors(self._client):
                found = [{**item, "apiVersion": kind.api_version, "kind": kind.kind} for item in answer["items"] or ()]
                more = answer["metadata"].get("continue")
            yield from map(ClusterObject, found)
            if not more:
                return
            query["continue"] = more

    def apply(self, wanted: ClusterObject, *, force: bool = False, dry_run: bool = False) -> ClusterObject:
        """Makes or changes an object by server-side apply, and returns it as it is then."""
        path = self.kinds[wanted.api_version, wanted.kind].path(wanted.namespace, wanted.name)
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower()} | ({"dryRun": "All"} if dry_run else {})
        answer = self._send("PATCH", path, query, wanted.body, content="application/apply-patch+yaml")
        return ClusterObject(answer)

    def create(self, wanted: ClusterObject) -> ClusterObject:
        """Makes an object that is absent.

        Raises:
            ObjectRefused: It exists already (409), or is not accepted.
        """
        path = self.kinds[wanted.api_version, wanted.kind].path(wanted.namespace)
        return ClusterObject(self._send("POST", path, {"fieldManager": FIELD_MANAGER}, wanted.body))

    def replace(self, wanted: ClusterObject) -> ClusterObject:
        """Writes an object whole.

        Raises:
            ObjectRefused: It is absent (404), or was changed since the resource version that `wanted` has (409).
        """
        path = self.kinds[wanted.api_version, wanted.kind].path(wanted.namespace, wanted.name)
        return ClusterObject(self._send("PUT", path, {"fieldManager": FIELD_MANAGER}, wanted.body))

    def delete(self, found: ClusterObject, *, grace: int | None = None, owned_first: bool = False) -> None:
        """Asks the server to delete an object with all that it owns; an absent object is no error.

        Only this very object is deleted, and not another one that was made under its name in the meantime.

        Args:
            found: The object.
            grace: Seconds that a pod has to end; with 0 nobody waits for its node to say that it has. By default as the
                pod itself says.
            owned_first: Whether the object stays until all that it owns is gone.
        """
        path = self.kinds[found.api_version, found.kind].path(found.namespace, found.name)
        options: dict[str, Any] = {"propagationPolicy": "Foreground" if owned_first else "Background"}
        options |= {"preconditions": {"uid": found.uid}} if found.uid else {}
        options |= {"gracePeriodSeconds": grace} if grace is not None else {}
        try:
            self._send("DELETE", path, body=options)
        except ObjectRefused as error:
            if error.code not in (httpx2.codes.NOT_FOUND, httpx2.codes.CONFLICT):
                raise

    def lines(
        self, path: str, query: Mapping[str, str], *, follow: bool, silence: float = MAX_SILENCE
    ) -> Iterator[str]:
        """Yields the lines of a text, as they come where they are followed.

        Args:
            path: Path of the text.
            query: Its query.
            follow: Whether the text is followed.
            silence: Seconds without a byte of a followed text after which its connection counts as lost. A network may
                forget a connection without closing it, and then nothing ever comes.

        Raises:
            ClusterUnreachable: The server does not answer.
            SilentConnection: A followed text was silent for too long.
        """
        timeout = httpx2.Timeout(TIMEOUT, read=silence) if follow else httpx2.Timeout(TIMEOUT)
        with cluster_errors(self._client):
            try:
                with self._http.stream("GET", path, params=dict(query), timeout=timeout) as answer:
                    if answer.is_error:
                        answer.read()
                        answer.raise_for_status()
                    yield from answer.iter_lines()
            except httpx2.ReadTimeout as error:
                if not follow:
                    raise
                raise SilentConnection(f"nothing came from the API server for {silence:g} s") from error

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        accept: str = "",
        content: str = "application/json",
    ) -> dict[str, Any]:
        """Returns the answer to one request."""
        headers = {"Accept": accept or "application/json"} | ({"Content-Type": content} if body is not None else {})
        data = json.dumps(body).encode() if body is not None else None
        with cluster_errors(self._client):
            for left in reversed(range(self._tries)):
                answer = self._http.request(method, path, params=dict(query or {}), content=data, headers=headers)
                if answer.status_code != OVERLOADED or not left:
                    break
                time.sleep(min(_seconds_of(answer.headers.get("Retry-After", "")), TIMEOUT))
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            if not isinstance(found, dict):
                raise TypeError(f"{method} {path} is answered by no object")
            return found


def _kinds_of(groups: Mapping[str, Any]) -> dict[tuple[str, str], Kind]:
    """Returns the kinds of an APIGroupDiscoveryList by group and version, and name."""
    found: dict[tuple[str, str], Kind] = {}
    for group in groups["items"]:
        prefix = f"{group['metadata']['name']}/" if group.get("metadata", {}).get("name") else ""
        for version in group["versions"]:
            for item in version.get("resources") or ():
                api_version = prefix + version["version"]
                kind = Kind(
                    api_version,
                    item["responseKind"]["kind"],
                    item["resource"],
                    item["scope"] == "Namespaced",
                    frozenset(item.get("verbs") or ()),
                )
                found.setdefault((api_version, kind.kind), kind)
    return found


def _seconds_of(retry_after: str) -> float:
    """Returns the seconds that a header Retry-After asks for; 1 where it has none or a date (RFC 9110, 10.2.3)."""
    return float(retry_after) if retry_after.isdecimal() else 1.0
