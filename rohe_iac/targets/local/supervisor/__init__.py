"""Processes on this machine: the supervisor daemon of a stack, its programs, their limits, probes and logs."""
