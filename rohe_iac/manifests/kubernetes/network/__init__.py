"""NetworkPolicies of a stack: of whole workloads, and of the replicas in one domain."""
