"""When a replica on a cluster is ready, and why it never will be, judged from the states of its objects."""
