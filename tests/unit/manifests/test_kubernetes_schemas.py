"""Every rendered manifest against the schemas of the Kubernetes API, by version."""

from __future__ import annotations

from collections.abc import Callable

import kubernetes_validate
import pytest
import yaml

from rohe_iac.manifests.manifest import Manifest

VERSIONS = tuple(f"1.{minor}" for minor in range(28, 38))


@pytest.mark.parametrize("version", VERSIONS)
def test_rendered_manifests_are_valid(version: str, render_example: Callable[[str], dict[str, Manifest]]) -> None:
    manifests = render_example("bts")
    assert manifests
    for manifest in manifests.values():
        kubernetes_validate.validate(yaml.safe_load(manifest.text), version, strict=True)
