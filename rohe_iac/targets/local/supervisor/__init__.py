"""Processes on this machine: the supervisor daemon of a stack, what it runs, limits, probes and logs."""
