"""A Kubernetes control plane on loopback with simulated nodes (kwok): to try rohe without a cluster, and for its tests.

The control plane is real (API server, scheduler, controllers, SQLite in place of etcd); nodes exist as objects only,
and pods on them become ready without a container. `python -m rohe_iac.trial_cluster start` starts it.
"""
