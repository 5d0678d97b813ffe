"""Reasons why fields and whole objects of Kubernetes have no place in a blueprint."""

from __future__ import annotations

CLUSTER = "the cluster keeps it, and sets it by itself"

ROLLOUT = "how a change is rolled out is the target's affair"

NETWORK = "how a service is reached from outside, and which may reach it, is the target's affair"

ACCESS = "accounts and rights at the API server are given by the target"

SCHEDULE = "how the cluster schedules pods is replaced by the plan"

SECRET_VALUE = "the value of a Secret is never copied: services refer to it by name and key"

HOST = "a pod has the network and the processes of its own; what it needs of its node is named under placement"

ANNOTATION = "annotations are for tools of the cluster"

KINDS = {
    "CronJob": "rohe starts nothing by the clock; a Job becomes a service that runs once",
    "Endpoints": "the replicas of a service are known from the plan",
    "EndpointSlice": "the replicas of a service are known from the plan",
    "Event": "events of the cluster are not part of a blueprint",
    "Gateway": NETWORK,
    "HTTPRoute": NETWORK,
    "HorizontalPodAutoscaler": "write replicas: auto with a load, so that the plan decides how many there are",
    "Ingress": NETWORK,
    "IngressClass": NETWORK,
    "Kustomization": "it names other files: import what `kubectl kustomize` prints of its folder",
    "LimitRange": "each service states its own requests and limits",
    "Namespace": "the target of a stack names the namespace: {kubernetes: {namespace: NAME}}",
    "NetworkPolicy": "the target makes network policies of the flow between services",
    "PersistentVolume": "a volume is claimed by its size and class; which disk the cluster gives is its own affair",
    "PodDisruptionBudget": "how many replicas may be away at a time is the target's affair",
    "PriorityClass": "a service has its priority as a number: priority",
    "ResourceQuota": "what a stack may use is a policy of the plan",
    "StorageClass": "a volume names its class; what that is stays in the cluster",
    "VerticalPodAutoscaler": "requests are measured with `rohe profile`",
    **dict.fromkeys(("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount"), ACCESS),
}
"""Kinds that become nothing, with the reason."""

UNKNOWN_KIND = "rohe imports no objects of this kind"

METADATA = {
    "annotations": ANNOTATION,
    "labels": "the labels of the pods are those of the service",
    **dict.fromkeys(
        ("creationtimestamp", "deletiontimestamp", "finalizers", "generation", "managedfields", "ownerreferences"),
        CLUSTER,
    ),
    **dict.fromkeys(("resourceversion", "selflink", "uid", "generatename"), CLUSTER),
    "namespace": "the target of a stack names the namespace: {kubernetes: {namespace: NAME}}",
}

OBJECT = {
    "metadata": "of metadata, the name and the labels of pods are kept",
    "status": CLUSTER,
}

WORKLOAD = {
    "selector": "pods are found by labels that the target gives them",
    **dict.fromkeys(("strategy", "updatestrategy", "minreadyseconds", "progressdeadlineseconds"), ROLLOUT),
    **dict.fromkeys(("revisionhistorylimit", "paused", "podmanagementpolicy", "ordinals"), ROLLOUT),
    "servicename": "replicas are named by the plan, SERVICE-INDEX",
    "persistentvolumeclaimretentionpolicy": "volumes outlive their replicas",
    **dict.fromkeys(("backofflimit", "activedeadlineseconds", "ttlsecondsafterfinished"), ROLLOUT),
    **dict.fromkeys(("completionmode", "suspend", "podfailurepolicy", "manualselector"), ROLLOUT),
    "completions": "the replicas of a job are its parallelism",
}

POD = {
    "automountserviceaccounttoken": ACCESS,
    "serviceaccount": ACCESS,
    "serviceaccountname": ACCESS,
    "dnsconfig": NETWORK,
    "dnspolicy": NETWORK,
    "enableservicelinks": NETWORK,
    "hostaliases": NETWORK,
    "hostname": NETWORK,
    "subdomain": NETWORK,
    **dict.fromkeys(("hostipc", "hostnetwork", "hostpid", "hostusers", "shareprocessnamespace"), HOST),
    **dict.fromkeys(("preemptionpolicy", "schedulername", "schedulinggates", "overhead", "runtimeclassname"), SCHEDULE),
    "volumes": "no container of the pod mounts it",
    "os": "all nodes of an inventory run Linux",
    "priority": "a service has its priority as a number: priority",
    "priorityclassname": "a service has its priority as a number: priority",
    "readinessgates": "readiness is asked of the replica itself: health.readiness",
    "resources": "requests and limits are those of each container",
    "resourceclaims": "devices are asked for under requests.accelerators",
    "restartpolicy": "replicas are restarted when they end",
    "activedeadlineseconds": "replicas are restarted when they end",
    "securitycontext": "of the rights of a pod, rohe sets those of kubernetes.securityContext",
    "affinity": "of rules about nodes and neighbours, those of placement are kept",
}

CONTAINER = {
    "imagepullpolicy": "when an image is pulled is the target's affair",
    "lifecycle": "commands run beside a replica's own are not part of a blueprint",
    "resizepolicy": "the amounts of a running replica are changed by a new plan",
    "restartpolicy": "replicas are restarted when they end",
    "stdin": "a replica has no standard input",
    "stdinonce": "a replica has no standard input",
    "tty": "a replica has no standard input",
    "terminationmessagepath": "logs are read with `rohe logs`",
    "terminationmessagepolicy": "logs are read with `rohe logs`",
    "volumedevices": "raw disks are not part of a blueprint",
    "securitycontext": "of the rights of a container, rohe sets those of kubernetes.securityContext",
    "resources": "of amounts, rohe asks for cpu, memory, ephemeral-storage and whole devices",
}
