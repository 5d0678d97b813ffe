"""Imports objects of Kubernetes from files: workloads with what belongs to them as pipelines, nodes as an inventory."""
