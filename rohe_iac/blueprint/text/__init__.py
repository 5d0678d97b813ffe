"""YAML text as plain values, with every fault of the text and the place of every value.

`reader` parses in one pass; `places` looks up a line and column only for what is reported; `formatting` writes the
normal form that `rohe fmt` gives.
"""
