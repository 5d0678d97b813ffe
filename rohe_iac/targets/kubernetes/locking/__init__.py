"""Locking: one command at a time on a stack in a cluster, from whichever machine."""
