"""Objects of a stack in a cluster: what each is, whose it is, what others changed of it, and its removal."""
