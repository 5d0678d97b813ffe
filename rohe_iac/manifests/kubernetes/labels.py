"""Labels and annotations of the objects of a stack in a cluster."""

from __future__ import annotations

MANAGED_BY = "app.kubernetes.io/managed-by"
"""The recommended label for the tool that manages an object (Kubernetes documentation, "Recommended Labels")."""

OURS = {MANAGED_BY: "rohe"}
"""The label of every object that is managed by rohe."""

STACK = "rohe.dev/stack"
"""The label with the name of the stack that an object belongs to."""

WORKLOAD = "rohe.dev/workload"
"""The label with the workload that an object is for, as a name of Kubernetes."""

SERVICE = "rohe.dev/service"
"""The label with the service that an object is for, of an ensemble the one that its members share."""

INSTANCE = "rohe.dev/instance"
"""The label with the instance of a replica, on its Deployment or Job and on its pods."""

ADDRESS = "rohe.dev/address"
"""The annotation with the address of the stack's part that an object is for."""

NODE = "rohe.dev/node"
"""The annotation with the node that the plan gave what an object is for."""

UNREACHABLE = "rohe.dev/unreachable"
"""The annotation of a Deployment or Job with what a node that does not answer means, where it is not to wait."""

STARTUP = "rohe.dev/startup"
"""The annotation of a Job with the seconds that its pod has to end, once its container runs."""

RECEIVES = "rohe.dev/receives"
"""The annotation of an agent that receives reports for another one: the pipeline; that one answers what is asked."""

NETWORK = "rohe.dev/network"
"""The annotation of a pod with the bandwidth that its service asks for, which a cluster does not limit."""


def selector_of_stack(stack: str) -> str:
    """Returns the label selector of all objects of a stack."""
    return f"{MANAGED_BY}=rohe,{STACK}={stack}"
