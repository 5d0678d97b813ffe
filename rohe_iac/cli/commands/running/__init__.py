"""Commands that run something on this machine or show what runs.

`images` lists the images that nodes need. `apply` and `destroy` make and remove a stack; `status` and `logs` show how
its parts do, and `rotate` replaces the secrets of its broker. `doctor` examines the machine and `engine install` gets
the Pulumi engine. `agent run`, `broker run` and `stand-in run` are the processes that apply starts; `agent ask` asks an
agent from inside its pod.
"""
