"""The observation agent as a running program.

`run` starts the agent and ends it in order; `intake` turns messages into inputs of the observer and removes duplicates;
`worker` is the one thread that feeds the observer, commits and acknowledges; `orders` sends `degrade` and `restore` to
services; `answers` answers the questions of the command line, which come over the broker or, from `rohe agent ask`,
through `question_socket`. What the agent concludes is decided in `observation`, which is pure.
"""
