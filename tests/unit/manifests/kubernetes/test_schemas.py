"""Every manifest keeps the strict schemas of Kubernetes 1.28 to 1.37."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cluster_schemas import VERSIONS, schema_faults

from rohe_iac.manifests.manifest import Manifest

RenderExample = Callable[[str], dict[str, Manifest]]


@pytest.mark.parametrize("example", ["bts", "kpi", "template"])
def test_manifests_of_an_example_keep_the_schemas(render_example: RenderExample, example: str) -> None:
    assert [fault for manifest in render_example(example).values() for fault in schema_faults(manifest)] == []


def test_a_field_that_no_version_knows_is_found(render_example: RenderExample) -> None:
    manifest = next(found for found in render_example("bts").values() if found.kind == "Deployment")
    wrong = replace(manifest, text=manifest.text.replace("containers:", "containerz:"))
    assert len({fault.partition(":")[0] for fault in schema_faults(wrong)}) == len(VERSIONS)
