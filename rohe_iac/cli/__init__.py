"""Floor 7: parse, call, show, exit.

`main` has the table of commands and the one boundary where errors end; `commands` has one file a command; `views` has
one file a noun.
"""
