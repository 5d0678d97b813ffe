"""The meaning of each field about what containers have beside a program, with an example."""

from __future__ import annotations

CONTAINER_FIELDS: dict[str, tuple[str, str]] = {
    "PipelineSpec.volumes": (
        "Disk space that several services share; they name it under their `volumes`, without a size.",
        "[{name: models, size: 10Gi}]",
    ),
    "SharedVolume.name": ("Unique in the pipeline.", "models"),
    "SharedVolume.size": ("How much of it.", "10Gi"),
    "SharedVolume.accessMode": (
        "`ReadWriteOnce`: all replicas that mount it go to one node; `ReadWriteMany` and `ReadOnlyMany`: to any.",
        "ReadWriteMany",
    ),
    "SharedVolume.class": ("The StorageClass; absent: the cluster's default class.", "nfs"),
    "Service.labels": ("Labels of its pods, for people and tools; in a cluster only.", "{team: vision}"),
    "Service.pullSecrets": (
        "Secrets of the cluster with which nodes log in at registries, beside those of the target.",
        "[registry-login]",
    ),
    "Service.user": (
        "The id of the user that it runs as, and maybe of the group; absent: that of the image.",
        "'1000:1000'",
    ),
    "Service.runOnce": ("Whether it ends by itself, and is not started again once it ended well.", "true"),
    "Service.after": (
        "Services that must be ready before its replicas start, or have ended well where they run once.",
        "[migrate]",
    ),
    "Service.init": (
        "Commands that run to their end, one after another, before each start of a replica.",
        "[{name: fetch, command: [python, -m, shop.fetch]}]",
    ),
    "Service.envFrom": (
        "Many variables at once; those of `env` count more, and those of later entries more than of earlier ones.",
        "[{file: config/shop.env}, {secret: {name: shop}}]",
    ),
    "Service.devices": ("Device files of the node that it uses.", "[{path: /dev/video0}]"),
    "InitStep.name": ("Unique in the list.", "fetch"),
    "InitStep.image": ("The container image; absent: that of the service.", "rdsea/fetch:1.0"),
    "InitStep.command": ("The program and its first arguments, as the service's.", "[python, -m, shop.fetch]"),
    "InitStep.args": ("Further arguments.", "[--model, yolov8n]"),
    "InitStep.env": ("Environment variables beside those of the service.", "{TOKEN: {secret: 'env:MODEL_TOKEN'}}"),
    "EnvSource.file": ("A file of the repository, one NAME=VALUE a line; without secrets.", "config/shop.env"),
    "EnvSource.secret": (
        "A Secret of the cluster, of which each key is a variable; locally `file:PATH` of such a file.",
        "{name: shop}",
    ),
    "File.secret": (
        "The secret that is in the file, in place of `from`; absent key: the name of the file.",
        "{name: tls, key: tls.key}",
    ),
    "Volume.subPath": ("The folder of the volume that is mounted; absent: the whole.", "models/current"),
    "Volume.readOnly": ("Whether the replica may only read.", "true"),
    "HostDevice.path": ("Where the replica finds it.", "/dev/video0"),
    "HostDevice.from": ("Where it is on the node; absent: at the same path.", "/dev/video2"),
    "KubernetesTarget.pullSecrets": (
        "Secrets of the namespace with which nodes log in at registries, for all pods of the stack.",
        "[registry-login]",
    ),
}
