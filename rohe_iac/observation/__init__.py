"""Floor 3: the pure half of an agent, from reports to verdicts.

`observer` is the entry: `reports` are joined and ordered, `measuring` puts samples into windows and measures them,
`judging` holds measurements against contracts and explains violations. `configuration` is all that an agent gets from
its stack.
"""
