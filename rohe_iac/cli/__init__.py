"""Floor 7, the command line: each command parses, calls a use case, shows the result and exits.

`main` has the table of commands, and `boundary` the one place where errors end. `commands` has one file a command and
`views` one file for each kind of result; both group their files as `usecases` does: `authoring`, `plans`, `running` and
`observing`. `console` has the streams that commands print to, `options` the arguments and options that several
commands share, and `question` asks for the consent of the user.
"""
