"""One replica and one node: may it go there, how good is that, and what is free afterwards.

`state` keeps what is free, `rules` refuse, `scoring` rates, `evaluation` asks them for many nodes at once (scalar or
vectorized, with equal results), and `objective` rates whole assignments and bounds them.
"""
