"""An Inventory made of what a Kubernetes cluster says of its nodes; plain values come in, nothing is read here."""
