"""All objects of a stack in a cluster: whose they are, what others changed of them, and their removal."""
