"""Floor 6: one file a command, tying the floors below together.

Folders group the commands by what users do: `authoring` documents, making `plans`, `running` them and `observing`
them. `stacks` finds the stack that a command means.
"""
