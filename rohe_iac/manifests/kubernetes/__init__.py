"""Manifests of a Kubernetes cluster: one noun of the cluster a file, and `objects` has all objects of a plan."""
