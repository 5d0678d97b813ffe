"""An object that somebody changed by hand: apply says so, and overwrites it only where that is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine


def image(shop: Shop) -> str:
    (found,) = (
        item for item in shop.cluster.objects("deployments", shop.namespace) if item["metadata"]["name"] == "back-0"
    )
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_change_by_hand_is_shown_and_overwritten_where_that_is_allowed(shop: Shop) -> None:
    shop.run("apply", "--yes")
    hotfix = "registry.example/back:hotfix"
    shop.cluster.kubectl("set", "image", "deployment/back-0", f"*={hotfix}", "-n", shop.namespace)
    assert image(shop) == hotfix

    words = f"deployment/back-0: spec.template.spec.containers[{shop.container('back-0')}].image is {hotfix}"
    assert words in shop.run("status", "--check", code=7).stdout.replace("\n", " ")
    refused = shop.run("apply", "--yes", code=5)
    assert words in refused.stderr.replace("\n", " ")
    assert "--allow-overwrite" in refused.stderr
    assert image(shop) == hotfix

    shop.run("apply", "--yes", "--allow-overwrite")
    assert image(shop) == "registry.example/back:1"

    shop.cluster.kubectl("scale", "deployment/back-0", "--replicas=0", "-n", shop.namespace)
    assert "deployment/back-0: spec.replicas is 0, set by " in shop.run("apply", "--yes", code=5).stderr
    shop.run("apply", "--yes", "--allow-overwrite")
    assert "No change" in shop.run("apply", "--yes").stdout
