"""The target `kubernetes`: a cluster, reached by a context of the user's kubeconfig."""
