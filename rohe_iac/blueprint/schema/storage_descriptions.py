"""The meaning of each field about stores and what has to survive a pod, with an example."""

# One line a field reads better than the line length.
# ruff: noqa: E501

from __future__ import annotations

STORAGE_FIELDS: dict[str, tuple[str, str]] = {
    "Store.sqlite": ("A file beside the agent.", "{}"),
    "Store.mongodb": ("A MongoDB that you run.", "{uri: {secret: 'env:MONGODB_URI'}}"),
    "Store.retention": ("How long reports are kept.", "7d"),
    "Store.maxSize": ("How large it may grow.", "2Gi"),
    "Store.placement": (
        "Where the store may go, and so the agents, of which it is a file: it holds beside the rules of agents.",
        "{nodeSelector: {disk: ssd}}",
    ),
    "MongoStore.uri": ("Its address, as a secret.", "{secret: {name: mongo, key: uri}}"),
    "Storage.claim": ("A claim for each replica that reports, each agent and the broker.", "{class: local-path}"),
    "Storage.hostPath": (
        "A folder of the nodes, with one folder a stack and instance below it; a namespace of the level baseline or restricted takes no such pod.",
        "/var/lib/rohe",
    ),
    "Storage.emptyDir": ("A folder that ends with its pod: reports may be lost.", "{}"),
    "ClaimStorage.class": ("The StorageClass; absent: the cluster's default class.", "local-path"),
    "ClaimStorage.size": (
        "The least size of a claim; those of agents follow `store.maxSize`, that of the broker is at least 1Gi.",
        "512Mi",
    ),
}  # fmt: skip
"""By model and field name, as in a document."""
