"""Floor 6: use cases, one file a command, tying the floors below together.

Folders group the use cases by what users do: `authoring` documents, making `plans`, `running` them and `observing`
them. `stacks` finds the stack that a command is about.
"""
