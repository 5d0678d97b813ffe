"""Go modules of the control plane: Kubernetes, and what replaces etcd and kubelets on one machine."""

from __future__ import annotations

from rohe_iac.deployment.programs.go_module import GoModule

_COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet", "kube-proxy")
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")

KUBERNETES = GoModule(
    "kubernetes",
    "Kubernetes",
    "k8s.io/kubernetes",
    {name: f"k8s.io/kubernetes/cmd/{name}" for name in _COMPONENTS},
    {
        f"{package}.{variable}": text
        for package in _VERSION_PACKAGES
        for variable, text in (("gitVersion", "v{version}"), ("gitMajor", "{major}"), ("gitMinor", "{minor}"))
    },
    6,
)
"""A control plane and kubectl, and the programs of nodes, of the last version that runs on control groups v1."""

KINE = GoModule(
    "kine",
    "kine",
    "github.com/k3s-io/kine",
    {"kine": "github.com/k3s-io/kine"},
    {"github.com/k3s-io/kine/pkg/version.Version": "v{version}"},
    2,
)
"""SQLite in place of etcd, for a control plane on one machine."""

KWOK = GoModule("kwok", "kwok", "sigs.k8s.io/kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, {}, 2)
"""Nodes and pods that are simulated."""
