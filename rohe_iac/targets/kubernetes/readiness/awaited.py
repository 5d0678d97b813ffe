"""Awaited replica: what has to be ready, and what to do where its node does not answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AwaitedReplica:
    """One replica, agent or broker that an apply waits for.

    Attributes:
        address: Its address, for messages.
        instance: Its name, which is also the name of its Deployment.
        node: The node that the plan gave it.
        digest: `Manifest.digest` of its manifest, of which what runs is told.
        image: The image that the plan gave it; with `@sha256:...` the running one is compared with it.
        unreachable: wait, skip or fail: what a node that is NotReady means for it.
        generation: The generation that its Deployment has to have at least; the cluster counts each change of a spec.
    """

    address: str
    instance: str
    node: str
    digest: str = ""
    image: str = ""
    unreachable: str = "wait"
    generation: int = 0
