"""The wait for many replicas: those that are ready are not looked at again at each change, and all are at its end."""

from __future__ import annotations

import threading
from typing import Any

from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.prospect import Prospect, Standing, waiting
from rohe_iac.targets.kubernetes.readiness.stack_objects import NODES
from rohe_iac.targets.kubernetes.readiness.waiting import ReplicaWait
from rohe_iac.targets.kubernetes.readiness.watching import StackWatch

REPLICAS = tuple(AwaitedReplica(f"replica/d:x/{number}", f"x-{number}", "n") for number in range(10))


class StoppedClock:
    def monotonic(self) -> float:
        return 0.0


class UnstartedWatch(StackWatch):
    """A watch of no server."""

    def start(self) -> None:
        ready = {"type": "Ready", "status": "True"}
        self.objects.put(NODES, {"metadata": {"name": "n"}, "status": {"conditions": [ready]}})


class ScriptedWait(ReplicaWait):
    """Each look at those that are not ready is followed by a change, by which one more is.

    `falls` stops being ready when the last one is.
    """

    falls = ""

    def __init__(self) -> None:
        nothing: Any = None
        watch = UnstartedWatch(nothing, "n", "s", threading.Event())
        super().__init__(watch, clock=StoppedClock())  # type: ignore[arg-type]
        self.ready: list[str] = []
        self.looks = 0

    def standing(self, replica: AwaitedReplica) -> Prospect:
        self.looks += 1
        return Prospect(Standing.READY) if replica.instance in self.ready else waiting("not yet")

    def _supersede(self, replicas: Any, ended: Any) -> None:
        self.ready.append(next(item.instance for item in REPLICAS if item.instance not in self.ready))
        if len(self.ready) == len(REPLICAS) and self.falls:
            self.ready.remove(self.falls)
            self.falls = ""
        self.watch.objects.wake_all()


def test_ready_replicas_are_looked_at_again_when_no_other_is_waited_for() -> None:
    wait = ScriptedWait()
    found = wait.until_settled(REPLICAS)
    assert {prospect.standing for prospect in found.values()} == {Standing.READY}
    count = len(REPLICAS)
    assert wait.looks == count + sum(range(1, count + 1)) + count


def test_a_replica_that_stops_being_ready_is_waited_for_again() -> None:
    wait = ScriptedWait()
    wait.falls = "x-3"
    found = wait.until_settled(REPLICAS)
    assert {prospect.standing for prospect in found.values()} == {Standing.READY}
    assert wait.ready[-1] == "x-3"
