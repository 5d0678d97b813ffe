"""Commands that ask the observation agents of an applied stack.

`observe` shows what the agents measure and judge; `violations` lists the contracts that broke and ends the actions
that a violation caused.
"""
