"""Supply: what one node offers, as plain numbers.

Units: cpu and cores in millicores, memory in bytes, shares in basis points, cost in millionths an hour, latency in
microseconds, bandwidth and network in bits a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.saved_fields import BRIEF
from rohe_iac.planning.model.units import MILLION


@dataclass(frozen=True, slots=True)
class Device:
    """One accelerator. An `exclusive` one is given out whole.

    Attributes:
        name, type, model: Its name on the node, its type as requests name it, and its model or "".
        exclusive: Whether it is given out whole.
        capacity, used: Basis points, and those of them that others have taken.
        memory, memory_used: Bytes of its own memory, and those that others have taken; None: not checked.
    """

    name: str
    type: str
    model: str
    exclusive: bool
    capacity: int
    used: int = 0
    memory: int | None = field(default=None, metadata={BRIEF: True})
    memory_used: int = field(default=0, metadata={BRIEF: True})


@dataclass(frozen=True, slots=True)
class NodeTaint:
    """A mark that keeps replicas off a node; the effect is NoSchedule, NoExecute or PreferNoSchedule."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True, slots=True)
class Supply:
    """One node: capacities, what of them others use, and what rules ask about.

    Attributes:
        name: Its name.
        cpu, rss: Millicores, and bytes of resident memory.
        vms: Bytes of virtual memory; None: not checked.
        cores: Millicores of each core.
        devices: Accelerators.
        cpu_used, rss_used, vms_used, cores_used: What others use of these.
        disk, network: Bytes of disk, and bits a second of the network interface in each direction; None: not checked.
        disk_used, network_used: What others use of these.
        device_type: Kind of machine, as profiles name it.
        arch: Architecture; "" where it is not known.
        frequency: Clock of the cores, in hertz; 0 where it is not known.
        cost: Millionths an hour.
        labels: Sorted pairs of key and value.
        taints: Marks that keep replicas off.
        status: running, cordoned (keeps what it has, takes nothing new) or down.
    """

    name: str
    cpu: int
    rss: int
    vms: int | None = None
    cores: tuple[int, ...] = ()
    devices: tuple[Device, ...] = ()
    cpu_used: int = 0
    rss_used: int = 0
    vms_used: int = 0
    cores_used: tuple[int, ...] = ()
    device_type: str = ""
    arch: str = ""
    frequency: int = 0
    cost: int = 0
    labels: tuple[tuple[str, str], ...] = ()
    taints: tuple[NodeTaint, ...] = ()
    status: str = "running"
    disk: int | None = field(default=None, metadata={BRIEF: True})
    network: int | None = field(default=None, metadata={BRIEF: True})
    disk_used: int = field(default=0, metadata={BRIEF: True})
    network_used: int = field(default=0, metadata={BRIEF: True})

    def label(self, key: str, default: str = "") -> str:
        """Returns the value of a label, or the default where the node has none."""
        return next((value for name, value in self.labels if name == key), default)

    def domain(self, key: str) -> str | None:
        """Returns the node's domain under a topology key; None where it has no such label."""
        return self.name if key == NODE_KEY else dict(self.labels).get(key)

    def free_vms(self, ratio: int) -> int | None:
        """Returns the bytes of virtual memory that others leave free, below 0 where they use more; None: not checked.

        Args:
            ratio: How much of the virtual memory may be promised, in millionths of it (1000000: no overcommit).
        """
        return None if self.vms is None else self.vms * ratio // MILLION - self.vms_used


@dataclass(frozen=True, slots=True)
class Wire:
    """A declared link between two ends (`node/NAME` or `zone/NAME`), in both directions.

    It stands for the whole route between its ends: routes are not joined from several links.

    Attributes:
        name: Its name.
        ends: Its two ends.
        latency, bandwidth: Microseconds, and bits a second; None: unlimited.
        down: Whether it is cut.
    """

    name: str
    ends: tuple[str, str]
    latency: int | None = None
    bandwidth: int | None = None
    down: bool = False
