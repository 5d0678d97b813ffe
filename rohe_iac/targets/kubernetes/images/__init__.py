"""Container images on the nodes of a cluster: which ones a node has, and how one gets there ahead of its pod."""
