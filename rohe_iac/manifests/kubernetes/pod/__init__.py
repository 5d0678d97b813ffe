"""The pod of a replica: its container, what is mounted into it, what it may use, and where it may run."""
