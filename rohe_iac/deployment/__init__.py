"""Floor 5: drives the Pulumi engine; knows no target by name.

`files` are what an apply reads and leaves (plan file, record, lock, journal); `engine` finds, installs and starts the
engine; `run` has it make the resources and reports what came of it. `ports` is what a target has to offer.
"""
