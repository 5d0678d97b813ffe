"""Floor 3: the half of an agent that decides, from reports to verdicts, without broker and store.

`observer` is the entry: `reports` decodes, joins and orders reports, `measuring` groups samples into windows and
measures them, `judging` compares measurements with contracts and explains violations. `configuration` is everything
that an agent gets from its stack. Time is handed in, and equal inputs give equal outcomes. Only the functions of users
need more: `judging.user_process` runs each in a process of its own, bounded by the monotonic clock and by memory.
"""
