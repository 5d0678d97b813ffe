"""Awaited replica: what has to be ready, and what to do where its node does not answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AwaitedReplica:
    """One replica, agent or broker that an apply waits for.

    Attributes:
        address: Its address, for messages.
        instance: Its name, which is also the name of its Deployment or Job.
        node: The node that the plan gave it.
        digest: `Manifest.digest` of its manifest, of which what runs is told.
        image: The image that the plan gave it; with `@sha256:...` the running one is compared with it.
        unreachable: wait, skip or fail: what a node that is NotReady means for it.
        startup: Seconds that it has to end, once its container runs; 0 where it does not run once.
        generation: The generation that its Deployment has to have at least; the cluster counts each change of a spec.
    """

    address: str
    instance: str
    node: str
    digest: str = ""
    image: str = ""
    unreachable: str = "wait"
    startup: int = 0
    generation: int = 0

    @property
    def runs_once(self) -> bool:
        """Returns whether a Job makes its pod, which has to end with exit code 0."""
        return self.startup > 0
