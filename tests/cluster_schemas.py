"""The strict schemas of Kubernetes' versions, for tests of manifests."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import Registry, Resource, schema_contents

from rohe_iac.manifests.manifest import Manifest

VERSIONS = tuple(f"1.{minor}" for minor in range(28, 38))
"""The versions of Kubernetes whose schemas every manifest has to keep."""

WITH_CLAIMS = tuple(version for version in VERSIONS if int(version.partition(".")[2]) >= 34)
"""The versions that have resource.k8s.io/v1."""


@cache
def _definitions(version: str) -> Any:
    folder = f"kubernetes-json-schema/v{version}.0-local-strict"
    return Resource.from_contents(schema_contents(f"{folder}/_definitions.json", version))


@cache
def _validator(version: str, api_version: str, kind: str) -> Draft202012Validator:
    group, _, rest = api_version.rpartition("/")
    name = "-".join(filter(None, (kind.lower(), group.split(".")[0], rest)))
    schema = schema_contents(f"kubernetes-json-schema/v{version}.0-local-strict/{name}.json", version)
    resource = Resource.from_contents(schema)
    return Draft202012Validator(schema, registry=_definitions(version) @ (resource @ Registry()))


def schema_faults(manifest: Manifest, versions: tuple[str, ...] = VERSIONS) -> list[str]:
    """Returns what the strict schemas of versions have against a manifest, each with its version and place.

    Raises:
        FileNotFoundError: A version has no such kind.
    """
    document = yaml.safe_load(manifest.text)
    return [
        f"{version}: {manifest.name}: {fault.json_path}: {fault.message[:200]}"
        for version in versions
        for fault in _validator(version, document["apiVersion"], document["kind"]).iter_errors(document)
    ]
