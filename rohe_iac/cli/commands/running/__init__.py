"""Commands that run something on this machine or show what runs.

`apply` and `destroy` make and remove a stack; `status` and `logs` show how its parts do. `doctor` examines the machine
and `engine install` gets the Pulumi engine. `agent run`, `broker run` and `stand-in run` are the
processes that apply starts.
"""
