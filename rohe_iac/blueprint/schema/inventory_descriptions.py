"""The meaning of each field of an inventory, with an example."""

# One line a field reads better than the line length.
# ruff: noqa: E501

from __future__ import annotations

INVENTORY_FIELDS: dict[str, tuple[str, str]] = {
    "InventorySpec.deviceTypes": (
        "Kinds of machines, by name.",
        "{raspberry-pi-4: {arch: arm64, cpu: 4, memory: {rss: 4Gi}}}",
    ),
    "InventorySpec.nodes": ("The machines, at least one.", "[{name: pi-1, deviceType: raspberry-pi-4}]"),
    "InventorySpec.links": (
        "Connections between nodes or zones; where any is declared, only those exist beside what is free.",
        "[{name: backhaul, between: [zone/lab-1, zone/lab-2], latency: 8ms}]",
    ),
    "DeviceType.arch": ("The processor's architecture.", "arm64"),
    "DeviceType.frequency": ("The processor's frequency.", "1.5GHz"),
    "DeviceType.cpu": ("Cores in all.", "4"),
    "DeviceType.cores": ("Each core; absent: as many whole ones as `cpu`.", "[1, 1, 1, 1]"),
    "DeviceType.memory": ("Memory; `vms` absent: not checked.", "{rss: 4Gi, vms: 6Gi}"),
    "DeviceType.accelerators": ("Devices, by name.", "{GPU0: {type: gpu, mode: shared, capacity: 100%}}"),
    "DeviceType.disk": ("Disk for replicas; absent: not checked, as if it never ran out.", "64Gi"),
    "DeviceType.network": ("Bandwidth of its interface, each way; absent: not checked.", "1Gbps"),
    "DeviceType.cost": ("What an hour costs, in your currency.", "0.02/h"),
    "DeviceType.labels": ("Labels of all its nodes; those of a node come on top.", "{class: bus}"),
    "DeviceType.taints": ("Taints of all its nodes; those of a node come on top.", "[{key: edge, effect: NoSchedule}]"),
    "Accelerator.type": ("The type that requests name.", "gpu"),
    "Accelerator.model": ("The model.", "maxwell"),
    "Accelerator.mode": ("`shared`: given out in shares; `exclusive`: whole.", "shared"),
    "Accelerator.cores": ("The device's own cores, for people.", "128"),
    "Accelerator.capacity": ("How much of it can be given out.", "100%"),
    "Accelerator.memory": ("Its own memory; absent: not checked, as if it never ran out.", "8Gi"),
    "Accelerator.count": ("That many alike.", "4"),
    "Accelerator.kubernetes": (
        "How a cluster knows it; absent: pods are given no device, and all that is planned of it is advice.",
        "{extendedResource: nvidia.com/gpu}",
    ),
    "KubernetesDevice.extendedResource": (
        "The extended resource of the vendor's device plugin, one unit a device; in place of a deviceClass.",
        "nvidia.com/gpu",
    ),
    "KubernetesDevice.deviceClass": ("The DeviceClass that ResourceClaims ask for (DRA).", "gpu.example.com"),
    "KubernetesDevice.attribute": (
        "The attribute in which the devices of a node differ; without a domain it is the driver's own.",
        "gpu.example.com/uuid",
    ),
    "KubernetesDevice.values": (
        "Its value for each of the `count` devices; absent: their names in the inventory.",
        "[0, 1]",
    ),
    "KubernetesDevice.capacity": (
        "What claims take parts of; a bare name is `memory` where the device states its memory, else `share`. Absent: devices are given out whole.",
        "{memory: memory}",
    ),
    "ConsumableCapacity.memory": (
        "The capacity that holds the device's memory, in bytes, as ResourceSlices name it.",
        "memory",
    ),
    "ConsumableCapacity.share": (
        "The capacity that holds 100 units of computing, a percent each.",
        "gpu.example.com/cores",
    ),
    "Node.name": (
        "Unique in the stack; in a cluster the name of the node there, which may have dots. A range is short for several nodes.",
        '"bus-[001:300]"',
    ),
    "Node.count": ("How many nodes a range without an end is short for: `bus-[001:]`.", "300"),
    "Node.deviceType": ("Its device type, whose fields those of the node replace.", "jetson-nano"),
    "Node.arch": ("Replaces the kind's.", "arm64"),
    "Node.frequency": ("Replaces the kind's.", "1.5GHz"),
    "Node.cpu": ("Replaces the kind's; needed where there is no deviceType.", "4"),
    "Node.cores": ("Replaces the kind's.", "[1, 1, 1, 1]"),
    "Node.memory": ("Replaces the kind's; needed where there is no deviceType.", "{rss: 4Gi}"),
    "Node.accelerators": ("Replaces the kind's, whole.", "{GPU0: {type: gpu}}"),
    "Node.disk": ("Replaces the kind's.", "64Gi"),
    "Node.network": ("Replaces the kind's.", "100Mbps"),
    "Node.cost": ("Replaces the kind's.", "0.03/h"),
    "Node.mac": ("Its hardware address, in quotes.", '"82:ae:30:11:38:06"'),
    "Node.labels": ("Words to select by; `zone` is one that links and spread know.", "{zone: lab-1}"),
    "Node.taints": ("What keeps replicas off it unless they tolerate it.", "[{key: camera-lan, effect: NoSchedule}]"),
    "Node.used": ("What others have taken already.", "{cpu: 250m}"),
    "Node.status": ("`cordoned`: nothing new; `down`: nothing at all.", "running"),
    "Node.unreachable": ("What apply to a cluster does while it is NotReady; absent: as the target says.", "skip"),
    "Taint.key": ("A word.", "camera-lan"),
    "Taint.value": ("A further word.", "front"),
    "Taint.effect": ("How strict it is.", "NoSchedule"),
    "Used.cpu": ("Cores taken.", "250m"),
    "Used.cores": ("Taken of each core, in order.", "[200m, 50m]"),
    "Used.memory": ("Memory taken.", "{rss: 256Mi}"),
    "Used.disk": ("Disk taken.", "8Gi"),
    "Used.network": ("Bandwidth taken.", "30Mbps"),
    "Used.accelerators": (
        "Taken of devices, by their name: a share, or share and memory.",
        "{GPU0: 20%, GPU1: {share: 10%, memory: 2Gi}}",
    ),
    "UsedAccelerator.share": ("The share taken.", "20%"),
    "UsedAccelerator.memory": ("Memory of the device taken.", "2Gi"),
    "NetworkLink.name": ("Unique in the inventory; absent: made of its ends, such as `lab-1-lab-2`.", "backhaul"),
    "NetworkLink.between": (
        "Its two ends, node/NAME or zone/NAME (twice the same zone: within it); it goes both ways.",
        "[zone/lab-1, zone/lab-2]",
    ),
    "NetworkLink.latency": ("The time that a message takes, one way.", "8ms"),
    "NetworkLink.bandwidth": ("The bits per second that it carries.", "100Mbps"),
}
"""By model and field name, as in a document."""
