"""The observation agent as a running program.

`run` starts the agent and ends it in order; `intake` turns messages into inputs of the observer, each report once;
`worker` is the one thread that feeds the observer, commits and acknowledges; `inputs` applies logged inputs, and
`recovery` does so after a restart; `memory` keeps what is held within the limit. `sharing` has several agents work for
one pipeline. `orders` sends `degrade` and `restore` to services. `status` and `health` say how the agent does, and
`answers` answers the questions of the command line, which come over the broker or, from `ask`, through
`question_socket`. What the agent concludes is decided in `observation`, to which time is handed in.
"""
