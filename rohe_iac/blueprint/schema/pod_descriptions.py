"""The meaning of each field about the health of a replica and its pod in a cluster, with an example."""

from __future__ import annotations

POD_FIELDS: dict[str, tuple[str, str]] = {
    "Health.readiness": (
        "Asked until it answers; a replica is ready from then on.",
        "{http: {path: /healthz, port: http}}",
    ),
    "Health.liveness": ("Checked while it runs; a replica that does not answer is started again.", "{tcp: http}"),
    "Health.startup": ("How long it may take to be ready.", "30s"),
    "Probe.http": ("Healthy when GET answers 200 to 399.", "{path: /healthz, port: http}"),
    "Probe.tcp": ("Healthy when the named port accepts a connection.", "http"),
    "Probe.grpc": ("Healthy when the gRPC health service of the named port answers SERVING, in a cluster.", "rpc"),
    "Probe.exec": ("Healthy when the command ends with 0, in a cluster.", "[cat, /tmp/healthy]"),
    "Probe.initialDelay": ("How long after its start a replica is first asked, in a cluster.", "5s"),
    "Probe.period": ("How often it is asked, in a cluster; absent: 5s.", "10s"),
    "Probe.timeout": ("How long an answer may take, in a cluster; absent: 3s.", "2s"),
    "Probe.failureThreshold": ("After so many failures in a row it counts, in a cluster; absent: 3.", "5"),
    "Probe.successThreshold": ("After so many answers in a row it is ready again, in a cluster; absent: 1.", "2"),
    "HttpProbe.path": ("The path asked for.", "/healthz"),
    "HttpProbe.port": ("The name of one of the service's ports.", "http"),
    "Service.terminationGracePeriod": (
        "How long it has between SIGTERM and SIGKILL, in a cluster; absent: 30s.",
        "60s",
    ),
    "Service.kubernetes": (
        "What its pods have in a Kubernetes cluster alone; other targets ignore it.",
        "{securityContext: {runAsUser: 1000}, egress: [0.0.0.0/0]}",
    ),
    "ClusterPod.securityContext": (
        "What the pods may do; absent: as the level `restricted` has it.",
        "{runAsUser: 1000}",
    ),
    "ClusterPod.ingress": (
        "Networks that may reach the ports, beside the services that flow to it.",
        "[10.0.0.0/8]",
    ),
    "ClusterPod.egress": (
        "Networks that the pods may reach, beside the services that it flows to, DNS and the broker.",
        "[0.0.0.0/0]",
    ),
    "SecurityContext.runAsNonRoot": (
        "Whether the cluster refuses to run the image as root; absent: true, unless runAsUser is 0.",
        "false",
    ),
    "SecurityContext.runAsUser": ("The id of the user; absent: that of the image.", "1000"),
    "SecurityContext.runAsGroup": ("The id of the group; absent: that of the image.", "1000"),
    "SecurityContext.fsGroup": ("The group that may write to volumes; absent: 65532.", "1000"),
    "SecurityContext.readOnlyRootFilesystem": ("Whether only volumes can be written to; absent: false.", "true"),
    "SecurityContext.allowPrivilegeEscalation": (
        "Whether a process may gain more rights than its parent; absent: false, unless it is privileged.",
        "true",
    ),
    "SecurityContext.privileged": ("Whether it has all rights of root on the node; absent: false.", "true"),
    "SecurityContext.capabilities": ("The capabilities of Linux that it has; absent: none.", "{add: [NET_RAW]}"),
    "SecurityContext.seccompProfile": ("RuntimeDefault, or Unconfined for every system call.", "Unconfined"),
    "Capabilities.add": ("Capabilities that it gets.", "[NET_RAW]"),
    "Capabilities.drop": ("Capabilities that it loses; absent: all.", "[ALL]"),
}
