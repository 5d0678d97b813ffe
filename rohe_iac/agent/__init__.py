"""The observation agent as a running program.

`run` starts it and ends it in order; `intake` turns messages into reports and removes duplicates; `worker` is the one
thread that feeds the observer, commits and acknowledges; `orders` sends `degrade` and `restore` to services;
`answers` serves what the command line asks. What the agent concludes is decided in `observation`, which is pure.
"""
