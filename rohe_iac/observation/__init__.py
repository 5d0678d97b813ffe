"""Floor 3: the pure half of an agent, from reports to verdicts.

`observer` is the entry: `reports` decodes, joins and orders reports, `measuring` groups samples into windows and
measures them, `judging` compares measurements with contracts and explains violations. `configuration` is everything
that an agent gets from its stack.
"""
