"""Floor 5: drives the Pulumi engine; names no target.

`files` has what an apply reads and writes (plan file, record, lock, journal); `engine` finds, installs and starts the
engine; `run` lets the engine make the resources and reports the outcome; `ports` is what a target has to offer.
"""
