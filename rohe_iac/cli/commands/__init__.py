"""Commands: one file a command; each parses its command line, calls its use case, shows the result and exits.

Folders group commands as `usecases` and `views` do; `cli/main.py` has the table of all commands with their groups.
"""
