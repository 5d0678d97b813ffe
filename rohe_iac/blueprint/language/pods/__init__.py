"""What a replica has as a pod: probes of its health, and rights and networks in a cluster."""
