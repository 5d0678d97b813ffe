"""Waiting: until all replicas of a workload are ready, or one never will be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.ending import judge_end
from rohe_iac.targets.kubernetes.readiness.judging import judge
from rohe_iac.targets.kubernetes.readiness.nodes import left_behind
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, holds, name_of
from rohe_iac.targets.kubernetes.readiness.prospect import ABSENT, UNHEARD, UNSCHEDULABLE, Prospect, Standing
from rohe_iac.targets.kubernetes.readiness.stack_objects import NODES
from rohe_iac.targets.kubernetes.readiness.watching import StackWatch

NOTICED = 3.0
"""Seconds that a workload is waited for before what it waits for is told."""

AGAIN = 10.0
"""Seconds that what was told stands at least before it is told anew, where it has changed."""

LOOK = 2.0
"""Seconds after which a replica is looked at again although nothing changed, to see whether the wait was ended."""


@dataclass
class ReplicaWait:
    """The wait for some replicas.

    Attributes:
        watch: What the cluster has of the stack.
        clock: The clock of reasons that have to hold for some seconds.
        tell: Is told what is waited for, where that takes long.
        heard: Returns the prospect on a replica that also has to be heard, from that by what the cluster says.
        make_room: Is called once with each replica that its node has no room for.
        is_gone: Is asked whether a Deployment or Job is gone that the watch does not have, which may be behind.
        supersede: Is called with each replica that has a pod left behind on a node that does not answer, and with both.
    """

    watch: StackWatch
    clock: Clock = field(default_factory=SystemClock)
    tell: Callable[[str], None] = lambda _: None
    heard: Callable[[AwaitedReplica, Prospect], Prospect] = lambda _, prospect: prospect
    make_room: Callable[[AwaitedReplica], None] = lambda _: None
    supersede: Callable[[AwaitedReplica, KubernetesObject, KubernetesObject], None] = lambda *_: None
    is_gone: Callable[[AwaitedReplica], bool] = lambda _: False

    def until_settled(self, replicas: Sequence[AwaitedReplica]) -> Mapping[str, Prospect]:
        """Waits until each replica is ready, pending or skipped, or one has failed.

        Args:
            replicas: What to wait for.

        Returns:
            Where each replica stands, by instance. Where one has failed, others may still be waiting.

        Raises:
            RoheError: The cluster is out of reach, or the run was cancelled.
        """
        self.watch.start()
        since: dict[str, tuple[str, float]] = {}
        ended, cramped = set[str](), set[str]()
        found: dict[str, Prospect] = {}
        slow: list[AwaitedReplica] = []
        again = self.clock.monotonic()
        last, due = "", self.clock.monotonic() + NOTICED
        names, nodes = {item.instance for item in replicas}, {item.node for item in replicas}
        with self.watch.objects.subscribed(names, nodes) as changed:
            while True:
                changed.clear()
                self.watch.check()
                # Each of 300 replicas changes several times: those that were ready are looked at again now and then,
                # and once more when no other is waited for.
                whole = not slow or self.clock.monotonic() >= again
                again = self.clock.monotonic() + LOOK if whole else again
                found |= {item.instance: self._settled(item, since) for item in (replicas if whole else slow)}
                slow = [item for item in replicas if found[item.instance].standing is Standing.WAITING]
                if Standing.FAILED in (prospect.standing for prospect in found.values()) or (whole and not slow):
                    return found
                if not slow:
                    continue
                self._supersede(slow, ended)
                for item in slow:
                    if found[item.instance].kind == UNSCHEDULABLE and item.instance not in cramped:
                        cramped.add(item.instance)
                        self.make_room(item)
                if self.clock.monotonic() >= due and (words := waited_for(replicas, found)) != last:
                    last, due = words, self.clock.monotonic() + AGAIN
                    self.tell(words)
                unheard = any(prospect.kind == UNHEARD for prospect in found.values())
                changed.wait(0.5 if since or unheard else LOOK)

    def _supersede(self, replicas: Sequence[AwaitedReplica], ended: set[str]) -> None:
        """Ends each pod that was left behind on a node that does not answer, once."""
        nodes = {name_of(node): node for node in self.watch.objects.all(NODES) if not holds(node, "Ready")}
        for replica in replicas if nodes and self.watch.knows_nodes else ():
            pods = self.watch.objects.observed(replica.instance, replica.node).pods
            for pod, node in left_behind(replica.node, pods, nodes):
                if name_of(pod) not in ended:
                    ended.add(name_of(pod))
                    self.supersede(replica, pod, node)

    def standing(self, replica: AwaitedReplica) -> Prospect:
        """Returns where a replica stands now."""
        known = replica if self.watch.knows_nodes else replace(replica, node="")
        observed = self.watch.objects.observed(replica.instance, replica.node)
        return (judge_end if replica.runs_once else judge)(known, observed)

    def _settled(self, replica: AwaitedReplica, since: dict[str, tuple[str, float]]) -> Prospect:
        """Returns where a replica stands; a reason that may go away by itself counts after its seconds."""
        prospect = self.heard(replica, self.standing(replica))
        if prospect.standing is not Standing.FAILED or not prospect.settling:
            since.pop(replica.instance, None)
            return prospect
        now = self.clock.monotonic()
        kind, first = since.get(replica.instance, (prospect.kind, now))
        first = first if kind == prospect.kind else now
        since[replica.instance] = (prospect.kind, first)
        if now - first >= prospect.settling:
            if prospect.kind != ABSENT or self.is_gone(replica):
                return prospect
            since.pop(replica.instance)
        return replace(prospect, standing=Standing.WAITING)


def waited_for(replicas: Sequence[AwaitedReplica], found: Mapping[str, Prospect]) -> str:
    """Returns what is waited for: of the first replica that is not ready, with the number of the others."""
    slow = [item for item in replicas if found[item.instance].standing is Standing.WAITING]
    if len(replicas) == 1:
        return found[slow[0].instance].words
    more = f" ({len(slow) - 1} more not ready)" if len(slow) > 1 else ""
    return f"{slow[0].address}: {found[slow[0].instance].words}{more}"
