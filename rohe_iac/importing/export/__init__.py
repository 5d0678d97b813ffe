"""A stack as files of the original ROHE.

`documents` writes nodes and services; `round_trip` finds what an import of them would not bring back, so that nothing
is lost without a word.
"""
