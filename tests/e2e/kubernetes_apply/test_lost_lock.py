"""The lock of a stack in a cluster: taken over from who was killed elsewhere; who loses it ends with 8."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from shop import INSTANCES

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine

ANOTHER = "ann@pc-7:4711:1:elsewhere:abc"
"""The holder of a lease on another machine."""


def test_who_loses_the_lock_ends_with_8_and_the_lock_of_a_killed_command_is_taken_over(shop: Shop) -> None:
    process = shop.start("apply", "--yes")
    assert shop.cluster.until(lambda: _holder(shop) or process.poll() is not None)
    # It is suspended, as a laptop is, so that another machine may take the lease over.
    process.send_signal(signal.SIGSTOP)
    assert process.poll() is None, "the apply had ended before it could be suspended"
    _give_to(shop, ANOTHER)
    process.send_signal(signal.SIGCONT)
    _, words = process.communicate(timeout=120)
    assert process.returncode == 8, words
    assert "the lock of the stack was lost" in words
    assert "ann on pc-7 (pid 4711)" in words
    assert _holder(shop) == ANOTHER

    # The first command may have been about to end: what is missing now gives the next one something to do.
    shop.cluster.kubectl("delete", "deployment", INSTANCES[0], "-n", shop.namespace, "--ignore-not-found")
    done = shop.run("apply", "--yes")
    assert "waiting: the stack is locked by `rohe apply shop` of ann on pc-7 (pid 4711)" in done.stdout + done.stderr
    assert "was taken over" in done.stdout + done.stderr
    assert shop.names("deployments") == INSTANCES
    assert not _holder(shop)


def test_a_destroy_that_loses_the_lock_while_it_waits_ends_with_8(shop: Shop) -> None:
    shop.run("apply", "--yes")
    patch = json.dumps({"metadata": {"finalizers": ["example.com/keep"]}})
    shop.cluster.kubectl("patch", "service", "back", "-n", shop.namespace, "-p", patch)
    process = shop.start("destroy", "--yes")
    try:
        assert shop.cluster.until(lambda: _holder(shop) and not shop.names("deployments"))
        _give_to(shop, ANOTHER)
        _, words = process.communicate(timeout=120)
    finally:
        patch = json.dumps({"metadata": {"finalizers": []}})
        shop.cluster.kubectl("patch", "service", "back", "-n", shop.namespace, "--type", "merge", "-p", patch)
    assert process.returncode == 8, words
    assert "the lock of the stack was lost" in words
    assert shop.exists()


def _holder(shop: Shop) -> str:
    path = "jsonpath={.spec.holderIdentity}"
    found = shop.cluster.kubectl("get", "lease", "rohe-shop", "-n", shop.namespace, "-o", path, check=False)
    return found.stdout if found.returncode == 0 else ""


def _give_to(shop: Shop, holder: str) -> None:
    """Writes another holder into the lease, which then does not renew it, and whose lease is over soon."""
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 2}
    words = ("patch", "lease", "rohe-shop", "-n", shop.namespace, "--type=merge", "-p", json.dumps({"spec": spec}))
    shop.cluster.kubectl(*words)
